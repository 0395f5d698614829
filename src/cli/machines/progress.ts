import type { Job } from '../../wire/machines.ts';
import type { Context } from '../context.ts';
import { CLEAR_LINE, FRAMES } from '../spinner.ts';
import { printable } from '../text.ts';
import { elapsed, stateWords } from './job-view.ts';

const FRAME_MS = 100;

/** What a person sees of a job under way, on standard error. */
export interface Progress {
  show(job: Job): void;
  /** A remark between two steps. */
  say(text: string): void;
  end(): void;
}

/** On a terminal one line that is drawn again and again; elsewhere a line for each step. */
export function openProgress({ io, out }: Context): Progress {
  const { stderr } = io;
  let shown = 0;
  let latest: Job | null = null;
  const since = (job: Job, at: number): string =>
    elapsed(at - Date.parse(job.steps[0]?.at ?? job.created_at));
  if (!io.errorIsTerminal)
    return {
      show(job) {
        for (const { state, at } of job.steps.slice(shown))
          stderr.write(`${since(job, Date.parse(at)).padStart(7)}  ${stateWords(state)}\n`);
        shown = job.steps.length;
      },
      say: out.remark,
      end: () => {},
    };

  let turn = 0;
  // Time goes on by this machine's clock from when the job was first seen: the server's may be another.
  let skew: number | null = null;
  const draw = (): void => {
    if (latest === null) return;
    const frame = FRAMES[turn % FRAMES.length] ?? '';
    turn += 1;
    const line = `${frame} ${since(latest, Date.now() - (skew ?? 0))}  ${printable(latest.machine.name)}: ${stateWords(latest.state)}`;
    stderr.write(`${CLEAR_LINE}${line.slice(0, io.columns - 1)}`);
  };
  const timer = setInterval(draw, FRAME_MS);
  return {
    show(job) {
      skew ??= Date.now() - Date.parse(job.steps.at(-1)?.at ?? job.created_at);
      latest = job;
      draw();
    },
    say(text) {
      stderr.write(CLEAR_LINE);
      out.remark(text);
      draw();
    },
    end() {
      clearInterval(timer);
      if (latest !== null) stderr.write(CLEAR_LINE);
      latest = null;
    },
  };
}
