import { Loader } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { Job } from '../../../src/wire/machines.ts';
import { Icon } from '../../ui/icons.tsx';
import { exactTime } from '../../ui/time.tsx';
import classes from './job-steps.module.css';
import { type JobState, STEP_WORDS, tookWords, WAY } from './words.ts';

type Look = 'done' | 'running' | 'failed' | 'waiting';

interface Line {
  readonly state: JobState;
  readonly look: Look;
  readonly at: string | null;
  readonly note: string;
  /** Milliseconds, as far as they are known. */
  readonly took: number | null;
}

const BAD_ENDS: readonly JobState[] = ['failed', 'rolled_back', 'cancelled'];

function linesOf(job: Job, now: number): readonly Line[] {
  const done = job.steps.map(({ state, at, note }, index): Line => {
    const next = job.steps[index + 1];
    const isLast = next === undefined;
    const look: Look = isLast
      ? !job.ended
        ? 'running'
        : BAD_ENDS.includes(state)
          ? 'failed'
          : 'done'
      : next.state === 'rolling_back'
        ? 'failed'
        : 'done';
    const until = isLast ? (job.ended ? null : now) : Date.parse(next.at);
    // The diagnosis stands above, and the words of an end say what is left.
    const more = note === job.problem?.sentence || note === 'nothing is left' ? '' : note;
    return { state, look, at, note: more, took: until === null ? null : Math.max(0, until - Date.parse(at)) };
  });
  if (job.ended || job.state === 'rolling_back') return done;
  const ahead = WAY.slice(WAY.indexOf(job.state) + 1);
  return [
    ...done,
    ...ahead.map((state): Line => ({ state, look: 'waiting', at: null, note: '', took: null })),
  ];
}

const SAID: Readonly<Record<Look, string>> = {
  done: 'done',
  running: 'under way',
  failed: 'failed',
  waiting: 'to come',
};

/** How far a job is, and how long each step took; what changes is read out. */
export function JobSteps({ job }: { readonly job: Job }) {
  const now = useNow(!job.ended);
  const lines = linesOf(job, now);
  return (
    <>
      <p className="visually-hidden" role="status">
        {announcement(job)}
      </p>
      <ol className={classes.steps} aria-label="Steps">
        {lines.map(({ state, look, at, note, took }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: steps are only ever added at the end
          <li key={index} className={classes.step} data-look={look} data-step={state}>
            <span className={classes.sign} aria-hidden="true">
              <Sign look={look} />
            </span>
            <span className={classes.words}>
              {STEP_WORDS[state]}
              <span className="visually-hidden">, {SAID[look]}</span>
            </span>
            <span className={classes.took} title={at === null ? undefined : exactTime(at)}>
              {at !== null && <time dateTime={at}>{clockTime(at)}</time>}
              {took !== null && `, ${tookWords(took)}`}
            </span>
            {note !== '' && <span className={classes.note}>{note}</span>}
          </li>
        ))}
      </ol>
    </>
  );
}

function announcement({ state, ended, machine }: Job): string {
  const words = STEP_WORDS[state];
  if (ended) return `${machine.name}: ${words}.`;
  const at = WAY.indexOf(state);
  return at === -1
    ? `${machine.name}: ${words}.`
    : `${machine.name}: step ${at + 1} of ${WAY.length}, ${words}.`;
}

function Sign({ look }: { readonly look: Look }) {
  if (look === 'running') return <Loader size={16} />;
  return <Icon name={look === 'done' ? 'check' : look === 'failed' ? 'cross' : 'clock'} size={18} />;
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const clockTime = (at: string): string => CLOCK.format(new Date(at));

/** The present moment, anew each second while it matters. */
function useNow(ticking: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!ticking) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [ticking]);
  return now;
}
