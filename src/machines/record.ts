import type { Finding } from '../kinds/finding.ts';

/** What a job is at. `rolling_back` undoes what was made; the last five are ends. */
export type JobState =
  | 'queued'
  | 'cloning'
  | 'configuring'
  | 'resizing'
  | 'starting'
  | 'waiting_ip'
  | 'rolling_back'
  | 'done'
  | 'done_without_ip'
  | 'failed'
  | 'rolled_back'
  | 'cancelled';

/** What is to be made, complete: every default was filled in when it was asked for. */
export interface MachineWish {
  readonly version: string;
  readonly template: number;
  /** Where the template lies. */
  readonly node: string;
  readonly cores: number;
  /** MiB */
  readonly memory: number;
  /** GiB */
  readonly disk: number;
  /** Absent: where the template keeps its disk. */
  readonly storage?: string;
  /** Absent: the template's. */
  readonly bridge?: string;
  readonly user: string;
  readonly sshKeys: readonly string[];
  /** `dhcp`, or an address with its prefix. */
  readonly ip: string;
  readonly gateway?: string;
  readonly nameservers: readonly string[];
  /** The request as it came, where it came with a key: the same key is good for the same request only. */
  readonly asked?: string;
}

export interface JobStep {
  readonly state: JobState;
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly note: string;
}

/** All that a process needs in order to go on where another one was killed. */
export interface JobProgress {
  readonly steps: readonly JobStep[];
  /** Written before the clone is ordered: whoever takes over knows where to look. */
  readonly vmid: number | null;
  /** Task that is under way. */
  readonly upid: string | null;
  readonly ip: string | null;
  /** Why it failed, or what is lacking. */
  readonly finding: Finding | null;
  /** What the undo could not remove. */
  readonly leftover: string | null;
  /** Clones whose id somebody else took. */
  readonly races: number;
  /** A person asked for the undo. */
  readonly cancelling: boolean;
}

/** What is known of a job that has done nothing yet. */
export const NO_PROGRESS: Omit<JobProgress, 'steps'> = {
  vmid: null,
  upid: null,
  ip: null,
  finding: null,
  leftover: null,
  races: 0,
  cancelling: false,
};

export interface JobRecord {
  readonly id: string;
  readonly owner: string;
  readonly connectionId: string;
  readonly connectionName: string;
  /** Of the machine. */
  readonly name: string;
  readonly state: JobState;
  readonly wish: MachineWish;
  readonly progress: JobProgress;
  readonly idempotencyKey: string | null;
  readonly cancelRequested: boolean;
  /** Epoch seconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly endedAt: number | null;
  /** When the machine was deleted. */
  readonly goneAt: number | null;
}

const ENDS: ReadonlySet<JobState> = new Set([
  'done',
  'done_without_ip',
  'failed',
  'rolled_back',
  'cancelled',
]);

export const hasEnded = (state: JobState): boolean => ENDS.has(state);

/** Jobs whose machine is there, is being made, or may be. */
export const holdsMachine = (job: JobRecord): boolean =>
  job.goneAt === null &&
  job.state !== 'rolled_back' &&
  job.state !== 'cancelled' &&
  (job.state !== 'failed' || job.progress.leftover !== null);

export const isReady = (job: JobRecord): boolean => job.state === 'done' || job.state === 'done_without_ip';

/** The mark by which a guest is known as a job's own; it stands in the guest's description. */
export const markOf = (jobId: string): string => `tessera-job-${jobId}`;
