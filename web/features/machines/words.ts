import type { Job, MachineStray } from '../../../src/wire/machines.ts';

/** What a person reads of machines and of the jobs that make them. */

export type JobState = Job['state'];

/** The way to a machine, in order. */
export const WAY: readonly JobState[] = [
  'queued',
  'cloning',
  'configuring',
  'resizing',
  'starting',
  'waiting_ip',
];

export const STEP_WORDS: Readonly<Record<JobState, string>> = {
  queued: 'Wait for a place',
  cloning: 'Copy the template',
  configuring: 'Set size, login and address',
  resizing: 'Grow the disk',
  starting: 'Start it',
  waiting_ip: 'Ask it for its address',
  rolling_back: 'Take away what was made',
  done: 'Ready',
  done_without_ip: 'Ready, without a known address',
  failed: 'Failed, and not all could be taken away',
  rolled_back: 'Failed; nothing is left',
  cancelled: 'Cancelled; nothing is left',
};

const BADGES: Readonly<Record<JobState, readonly [words: string, color: string]>> = {
  queued: ['Waiting', 'gray'],
  cloning: ['Being made', 'indigo'],
  configuring: ['Being made', 'indigo'],
  resizing: ['Being made', 'indigo'],
  starting: ['Being made', 'indigo'],
  waiting_ip: ['Being made', 'indigo'],
  rolling_back: ['Being undone', 'orange'],
  done: ['Ready', 'tile'],
  done_without_ip: ['Ready, address unknown', 'yellow'],
  failed: ['Left over', 'red'],
  rolled_back: ['Failed', 'red'],
  cancelled: ['Cancelled', 'gray'],
};

type Badge = readonly [words: string, color: string];

/** What the guest does, where that is another thing than its job said. */
const GUEST_BADGES: Readonly<Partial<Record<NonNullable<Job['machine']['guest_state']>, Badge>>> = {
  stopped: ['Stopped', 'gray'],
  gone: ['Gone', 'red'],
  unknown: ['Ready, state unknown', 'yellow'],
};

export function badgeOf(job: Job): Badge {
  if (job.deleted_at !== null) return ['Deleted', 'gray'];
  const { guest_state } = job.machine;
  return (isReady(job) && guest_state !== null ? GUEST_BADGES[guest_state] : undefined) ?? BADGES[job.state];
}

const guestOf = ({ machine }: Job) => machine.guest_state ?? 'unknown';

export const isGone = (job: Job): boolean => isReady(job) && guestOf(job) === 'gone';
/** What makes sense; where nothing is known of the guest, both may. */
export const canStart = (job: Job): boolean => isReady(job) && !['running', 'gone'].includes(guestOf(job));
export const canStop = (job: Job): boolean => isReady(job) && !['stopped', 'gone'].includes(guestOf(job));

export const isReady = ({ state, deleted_at }: Job): boolean =>
  deleted_at === null && (state === 'done' || state === 'done_without_ip');

/** Something of it is on the system. */
export const holdsMachine = (job: Job): boolean =>
  job.deleted_at === null &&
  job.state !== 'rolled_back' &&
  job.state !== 'cancelled' &&
  (job.state !== 'failed' || job.leftover !== null);

/** `2 cores, 2 GiB, 20 GiB disk`. */
export const sizeOf = ({ cores, memory, disk }: Job['machine']): string =>
  `${cores} ${cores === 1 ? 'core' : 'cores'}, ${memoryWords(memory)}, ${disk} GiB disk`;

export const memoryWords = (mib: number): string => (mib % 1024 === 0 ? `${mib / 1024} GiB` : `${mib} MiB`);

/** `640 ms`, `12.4 s`, `3 min 20 s`. */
export function tookWords(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** It was left when the undo of a failed job could not take it away: nobody ever had it as a machine. */
export const holdsLeftover = ({ state }: MachineStray): boolean =>
  state === 'failed' || state === 'rolled_back' || state === 'cancelled';

/** How a guest came to bear a mark without being counted. */
export function strayWords(stray: MachineStray): string {
  if (stray.state === null) return 'No job of this Tessera made it; perhaps another one did.';
  return holdsLeftover(stray)
    ? 'Left when making it failed.'
    : 'Bears the mark of another machine: a copy of it, or a backup that was restored.';
}
