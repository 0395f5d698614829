import { internalActor } from '../access/principal.ts';
import { auditEntry } from '../audit/entry.ts';
import { change } from '../base/change.ts';
import { seconds } from '../base/clock.ts';
import { ok } from '../base/result.ts';
import type { JobRecord, JobState } from './record.ts';
import { createWorker, Dropped, type Worker, type WorkerNeeds } from './worker.ts';

/** Works at jobs: every job by one process at a time, and by another one where that process is gone. */
export interface Runner extends Pick<Worker, 'withTools'> {
  start(): void;
  /** Looks for work now, without waiting for the next turn. */
  wake(): void;
  stop(): Promise<void>;
}

export interface RunnerNeeds extends Omit<WorkerNeeds, 'closing' | 'cloned'> {
  /** Clones at once on one connection. */
  readonly clonesAtOnce: number;
  readonly failed: (error: unknown) => void;
}

const LEASE_MS = 6000;
const RENEW_MS = 2000;
const TURN_MS = 1000;

export function createRunner(needs: RunnerNeeds): Runner {
  const { store, clock, holder, clonesAtOnce, failed } = needs;
  const running = new Map<string, Promise<void>>();
  const timers: NodeJS.Timeout[] = [];
  let closing = false;
  let looking: Promise<void> | null = null;
  let again = false;
  const { work, withTools } = createWorker({ ...needs, closing: () => closing, cloned: wake });

  /** `full` where the connection has as many clones under way as it may. */
  async function claim(id: string): Promise<JobRecord | 'full' | null> {
    const taken = await store.change<JobRecord | 'full' | null>(async (tx) => {
      const at = clock();
      const present = await tx.job(id);
      if (present === null || present.endedAt !== null) return ok(null);
      const queued = present.state === 'queued';
      const clones = queued || present.state === 'cloning';
      // A job that waits has made nothing: its end needs no place.
      const over = queued && present.cancelRequested;
      if (clones && !over && (await tx.clonesUnderWay(present.connectionId, at)) >= clonesAtOnce)
        return ok('full');
      if (!(await tx.leaseJob(id, holder, at, at + LEASE_MS))) return ok(null);
      if (!queued) return ok(present);
      // Counted as a clone from this moment on, so that the next one sees it.
      const state: JobState = over ? 'cancelled' : 'cloning';
      const steps = [...present.progress.steps, { state, atMs: at, note: '' }];
      const now = seconds(clock);
      const progress = { ...present.progress, steps, cancelling: over };
      const next = { ...present, state, progress, updatedAt: now, endedAt: over ? now : null };
      await tx.putJob(next);
      await tx.changed(change('job', id));
      await tx.audit(
        auditEntry(at, internalActor, {
          action: over ? 'job.ended' : 'job.step',
          subject: present.name,
          detail: { job: id, owner: present.owner, state },
        }),
      );
      return ok(over ? null : next);
    });
    return taken.ok ? taken.value : null;
  }

  async function look(): Promise<void> {
    const full = new Set<string>();
    for (const job of await store.idleJobs(clock())) {
      if (closing) return;
      const waits = job.state === 'queued' && !job.cancelRequested;
      if (running.has(job.id) || (waits && full.has(job.connectionId))) continue;
      const taken = await claim(job.id);
      if (taken === 'full') full.add(job.connectionId);
      if (taken === 'full' || taken === null) continue;
      const done = work(taken)
        .catch((error: unknown) => {
          if (!(error instanceof Dropped)) failed(error);
        })
        .finally(() => {
          running.delete(job.id);
          if (!closing) wake();
        });
      running.set(job.id, done);
    }
  }

  function wake(): void {
    if (closing) return;
    if (looking !== null) {
      again = true;
      return;
    }
    looking = look()
      .catch(failed)
      .finally(() => {
        looking = null;
        if (again) {
          again = false;
          wake();
        }
      });
  }

  return {
    wake,
    withTools,
    start() {
      timers.push(setInterval(wake, TURN_MS));
      timers.push(
        setInterval(() => {
          // A job whose work broke off here is not kept from other processes.
          const ids = [...running.keys()];
          if (ids.length > 0) void store.renewLeases(holder, ids, clock() + LEASE_MS).catch(failed);
        }, RENEW_MS),
      );
      wake();
    },
    async stop() {
      closing = true;
      for (const timer of timers) clearInterval(timer);
      await looking;
      await Promise.all(running.values());
      await store.releaseLeases(holder);
    },
  };
}
