import type { Job } from '../../wire/machines.ts';
import type { Context } from '../context.ts';
import { fixLines, folded } from '../test-view.ts';
import { quantity } from '../text.ts';

type State = Job['state'];

const WORDS: Readonly<Record<State, string>> = {
  queued: 'queued',
  cloning: 'cloning',
  configuring: 'configuring',
  resizing: 'resizing',
  starting: 'starting',
  waiting_ip: 'waiting for address',
  rolling_back: 'rolling back',
  done: 'done',
  done_without_ip: 'no address',
  failed: 'failed',
  rolled_back: 'rolled back',
  cancelled: 'cancelled',
};

export const stateWords = (state: State): string => WORDS[state];

/** Of a machine that was made, what its guest does now; else how far its job is. */
export const machineWords = (job: Job): string =>
  wasMade(job) && job.machine.guest_state !== null ? job.machine.guest_state : stateWords(job.state);

/** `0:07`, `12:40`, `1:02:03`. */
export function elapsed(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`;
}

/** Its job made it; whether it was stopped since is another question. */
export const wasMade = ({ state }: Job): boolean => state === 'done' || state === 'done_without_ip';

/** `guest 102 on pve`, as far as it is known. */
export const placeOf = ({ machine: { vmid, node } }: Job): string =>
  vmid === null ? `on ${node}` : `guest ${vmid} on ${node}`;

export const sizeOf = ({ machine: { cores, memory, disk } }: Job): string => {
  const held = memory % 1024 === 0 ? `${memory / 1024} GiB` : `${memory} MiB`;
  return `${quantity(cores, 'core')}, ${held} memory, ${disk} GiB disk`;
};

export const loginOf = ({ machine: { user, ip } }: Job): string | null =>
  ip === null ? null : `ssh ${user}@${ip}`;

/** That it runs and how to log in; whoever has no key there is told so. */
export function successText(job: Job, context: Context): string {
  const { machine } = job;
  const login = loginOf(job);
  const lines = [`${machine.name} runs: ${placeOf(job)}${machine.ip === null ? '' : `, ${machine.ip}`}`];
  if (login !== null) lines.push(`Log in:  ${context.out.paint.bold(login)}`);
  if (job.problem !== null && machine.ip === null) lines.push('', problemText(job, context));
  return lines.join('\n');
}

/** Why it failed or what is lacking. Remedies are not folded, because they get copied. */
export function problemText({ problem }: Job, { io, out: { paint } }: Context): string {
  if (problem === null) return '';
  return [
    folded(`${paint.bold(problem.code)}: `, problem.code.length + 2, problem.sentence, io.columns),
    ...(problem.evidence === '' ? [] : [folded(paint.dim('Seen: '), 6, problem.evidence, io.columns)]),
    ...(problem.fix === '' ? [] : fixLines(problem.fix, io.columns)),
  ].join('\n');
}

/** When each step began, counted from the first, and what was said of it. */
export function stepsText({ steps }: Job, { io, out: { paint } }: Context): string {
  const began = Date.parse(steps[0]?.at ?? '');
  return steps
    .map(({ state, at, note }) => {
      const head = `${elapsed(Date.parse(at) - began).padStart(7)}  ${stateWords(state).padEnd(19)}`;
      return note === '' ? head.trimEnd() : folded(`${head}  `, head.length + 2, note, io.columns);
    })
    .map((line) => (io.outputIsTerminal ? line.replace(/^ *\S+/, (time) => paint.dim(time)) : line))
    .join('\n');
}
