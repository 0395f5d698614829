import type { Journal } from '../audit/journal.ts';
import type { Result } from '../base/result.ts';
import type { ConnectionTx } from '../connections/store.ts';
import type { JobRecord } from './record.ts';

export interface JobReads {
  job(id: string): Promise<JobRecord | null>;
  jobByKey(owner: string, idempotencyKey: string): Promise<JobRecord | null>;
  /** Newest first. */
  jobs(filter: { readonly limit: number; readonly owner?: string }): Promise<JobRecord[]>;
  /** Whose machine is there, is being made, or may be. */
  jobsWithMachines(): Promise<JobRecord[]>;
  /** Jobs that have not ended and that no process holds, oldest first. */
  idleJobs(nowMs: number): Promise<JobRecord[]>;
  /** How many jobs have not ended, by their step. */
  jobsUnderWay(): Promise<{ state: string; count: number }[]>;
  /** Clones of a connection that a process has under way. */
  clonesUnderWay(connectionId: string, nowMs: number): Promise<number>;
}

export interface JobTx extends JobReads, Journal, Pick<ConnectionTx, 'insertConnectionEvent'> {
  insertJob(job: JobRecord): Promise<void>;
  /** Everything but the lease. */
  putJob(job: JobRecord): Promise<void>;
  /** Whether `holder` has the job now. */
  leaseJob(id: string, holder: string, nowMs: number, untilMs: number): Promise<boolean>;
  jobHolder(id: string): Promise<string | null>;
}

export interface JobStore extends JobReads {
  change<T>(work: (tx: JobTx) => Promise<Result<T>>): Promise<Result<T>>;
  renewLeases(holder: string, ids: readonly string[], untilMs: number): Promise<void>;
  /** Gives them up, so that another process takes over at once. */
  releaseLeases(holder: string): Promise<void>;
}
