import { internalActor } from '../access/principal.ts';
import { type AuditAction, auditEntry } from '../audit/entry.ts';
import { type Clock, seconds } from '../base/clock.ts';
import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Outlets } from '../connections/outlets.ts';
import type { Finding } from '../kinds/finding.ts';
import { proxmoxApi } from '../kinds/proxmox/api.ts';
import { tokenIdOf } from '../kinds/proxmox/identity.ts';
import { explainRefusal } from '../kinds/proxmox/refusal.ts';
import { createIdTurns } from './id-turns.ts';
import type { JobProgress, JobRecord, JobState } from './record.ts';
import { clone, configure, type Pace, resize, type StepTools, start, undo, waitForAddress } from './steps.ts';
import type { JobStore } from './store.ts';

/** Works at jobs: every job by one process at a time, and by another one where that process is gone. */
export interface Runner {
  start(): void;
  /** Looks for work now, without waiting for the next turn. */
  wake(): void;
  stop(): Promise<void>;
  /** Tools for single calls on the guest of a job, outside of its steps. */
  withTools<T>(job: JobRecord, work: (tools: StepTools) => Promise<Result<T, Finding>>): Promise<Result<T>>;
}

interface Dependencies {
  readonly store: JobStore;
  readonly outlets: Outlets;
  readonly clock: Clock;
  readonly holder: string;
  /** Seconds to wait for an address. */
  readonly addressSeconds: number;
  /** Clones at once on one connection. */
  readonly clonesAtOnce: number;
  readonly failed: (error: unknown) => void;
}

const LEASE_MS = 6000;
const RENEW_MS = 2000;
const TURN_MS = 1000;
/** The first look comes soon, for tasks that are done at once; then one a second. */
const FIRST_LOOK_MS = 50;
const LOOK_MS = 1000;
/** Times that a step is tried again after the way to the system broke. */
const AGAIN = 3;

const STEPS: Partial<Record<JobState, { run: typeof clone; seconds: number }>> = {
  cloning: { run: clone, seconds: 1800 },
  configuring: { run: configure, seconds: 120 },
  resizing: { run: resize, seconds: 300 },
  starting: { run: start, seconds: 120 },
};
const UNDO_SECONDS = 600;
const BROKEN_WAY = new Set(['dns', 'tcp', 'tls', 'product']);

/** Another process has the job, or this one is closing: not another word about it from here. */
class Dropped extends Error {}

export function createRunner(needs: Dependencies): Runner {
  const { store, outlets, clock, holder, clonesAtOnce, failed } = needs;
  const running = new Map<string, Promise<void>>();
  const chooseInTurn = createIdTurns();
  const timers: NodeJS.Timeout[] = [];
  let closing = false;
  let looking: Promise<void> | null = null;
  let again = false;

  /** Writes a step of the job, if it is still ours, together with its line in the trail. */
  async function save(job: JobRecord, action: AuditAction | null, detail: object = {}): Promise<JobRecord> {
    const saved = await store.change<JobRecord>(async (tx) => {
      const [present, held] = [await tx.job(job.id), await tx.jobHolder(job.id)];
      if (present === null || held !== holder || present.endedAt !== null)
        return err(fault('conflict', 'The job is worked at elsewhere.'));
      const next = { ...job, cancelRequested: present.cancelRequested, updatedAt: seconds(clock) };
      await tx.putJob(next);
      if (action !== null) {
        const { vmid } = job.progress;
        await tx.audit(
          auditEntry(clock(), internalActor, {
            action,
            subject: job.name,
            detail: { job: job.id, owner: job.owner, state: job.state, vmid, ...detail },
          }),
        );
      }
      return ok(next);
    });
    if (!saved.ok) throw new Dropped(saved.error.message);
    return saved.value;
  }

  const enter = (job: JobRecord, state: JobState, note: string, more: Partial<JobProgress> = {}) => {
    const ended = ENDS.has(state);
    const steps = [...job.progress.steps, { state, atMs: clock(), note }];
    return save(
      {
        ...job,
        state,
        progress: { ...job.progress, ...more, steps },
        endedAt: ended ? seconds(clock) : null,
      },
      ended ? 'job.ended' : 'job.step',
      note === '' ? {} : { note },
    );
  };

  function paceFor(current: { job: JobRecord }, limitSeconds: number, watch: boolean): Pace {
    const until = clock() + limitSeconds * 1000;
    let looks = 0;
    return {
      async keep(more) {
        current.job = await save({ ...current.job, progress: { ...current.job.progress, ...more } }, null);
        return current.job;
      },
      async pause() {
        const wait = looks === 0 ? FIRST_LOOK_MS : LOOK_MS;
        looks += 1;
        await new Promise((resolve) => setTimeout(resolve, wait));
        if (closing) throw new Dropped('closing');
        if (watch && (await store.job(current.job.id))?.cancelRequested === true) throw new Cancelled();
        return clock() < until;
      },
    };
  }

  async function withOutlet<T>(
    job: JobRecord,
    pace: Pace,
    work: (tools: StepTools) => Promise<Result<T, Finding>>,
  ): Promise<Result<T>> {
    return outlets.use(internalActor, job.connectionId, ({ subject, carrier }) => {
      const { user, token } = tokenIdOf(subject.credential.identity);
      const context = {
        origin: subject.client.origin,
        who: { user, token },
        node: job.wish.node,
        ...(job.progress.vmid === null ? {} : { guest: job.progress.vmid }),
        name: job.name,
      };
      const api = proxmoxApi(subject, carrier);
      const explain: StepTools['explain'] = (said, probe) => explainRefusal(said, context, probe);
      return work({ ...pace, api, context, chooseInTurn, explain });
    });
  }

  /** Runs work to its end; where only the way there broke, a few times. */
  async function attempt<T>(
    current: { job: JobRecord },
    limitSeconds: number,
    watch: boolean,
    work: (job: JobRecord, tools: StepTools) => Promise<Result<T, Finding>>,
  ): Promise<Result<T, Finding>> {
    for (let turn = 1; ; turn += 1) {
      let said: Finding | null = null;
      const done = await withOutlet(current.job, paceFor(current, limitSeconds, watch), async (tools) => {
        const result = await work(current.job, tools);
        if (!result.ok) said = result.error;
        return result;
      });
      if (done.ok) return done;
      const finding: Finding = said ?? {
        code: done.error.fields?.[0]?.field ?? 'CONNECTION',
        probe: 'P7',
        layer: 'tcp',
        severity: 'blocking',
        evidence: done.error.fields?.[0]?.message ?? '',
        sentence: done.error.message,
        fix: done.error.fix ?? '',
      };
      if (turn > AGAIN || !BROKEN_WAY.has(finding.layer)) return err(finding);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      if (closing) throw new Dropped('closing');
    }
  }

  async function work(given: JobRecord): Promise<void> {
    const current = { job: given };
    try {
      while (current.job.endedAt === null && current.job.state !== 'rolling_back') {
        const { state } = current.job;
        const step = STEPS[state] ?? { run: waitForAddress, seconds: needs.addressSeconds };
        if (current.job.cancelRequested) throw new Cancelled();
        const done = await attempt(current, step.seconds, true, step.run);
        if (!done.ok) {
          const { error } = done;
          current.job = await enter(current.job, 'rolling_back', error.sentence, { finding: error });
          break;
        }
        current.job = await enter(current.job, done.value, '', { upid: null });
        if (state === 'cloning') wake();
      }
      if (current.job.state === 'rolling_back') await rollBack(current);
    } catch (error) {
      if (!(error instanceof Cancelled)) throw error;
      current.job = await enter(current.job, 'rolling_back', 'cancelled', { cancelling: true });
      await rollBack(current);
    }
  }

  async function rollBack(current: { job: JobRecord }): Promise<void> {
    const undone = await attempt(current, UNDO_SECONDS, false, undo);
    const { cancelling, vmid } = current.job.progress;
    if (undone.ok) {
      await enter(current.job, cancelling ? 'cancelled' : 'rolled_back', 'nothing is left', { upid: null });
      return;
    }
    const leftover = vmid === null ? null : `guest ${vmid} (${current.job.name}) on ${current.job.wish.node}`;
    await enter(current.job, 'failed', `left: ${leftover ?? 'nothing known'}; ${undone.error.sentence}`, {
      leftover,
    });
  }

  async function look(): Promise<void> {
    const now = clock();
    for (const job of await store.idleJobs(now)) {
      if (closing) return;
      if (running.has(job.id)) continue;
      const taken = await store.change<JobRecord | null>(async (tx) => {
        const at = clock();
        const present = await tx.job(job.id);
        if (present === null || present.endedAt !== null) return ok(null);
        const clones = ['queued', 'cloning'].includes(present.state);
        if (clones && (await tx.clonesUnderWay(present.connectionId, at)) >= clonesAtOnce) return ok(null);
        if (!(await tx.leaseJob(job.id, holder, at, at + LEASE_MS))) return ok(null);
        if (present.state !== 'queued') return ok(present);
        // Counted as a clone from this moment on, so that the next one sees it.
        const steps = [...present.progress.steps, { state: 'cloning' as const, atMs: at, note: '' }];
        const next = { ...present, state: 'cloning' as const, progress: { ...present.progress, steps } };
        await tx.putJob(next);
        await tx.audit(
          auditEntry(at, internalActor, {
            action: 'job.step',
            subject: job.name,
            detail: { job: job.id, owner: job.owner, state: 'cloning' },
          }),
        );
        return ok(next);
      });
      if (!taken.ok || taken.value === null) continue;
      const done = work(taken.value)
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
    withTools: (job, use) => {
      const until = clock() + UNDO_SECONDS * 1000;
      return withOutlet(
        job,
        {
          keep: async (more) => ({ ...job, progress: { ...job.progress, ...more } }),
          pause: async () => {
            await new Promise((resolve) => setTimeout(resolve, LOOK_MS / 4));
            return clock() < until;
          },
        },
        use,
      );
    },
    start() {
      timers.push(setInterval(wake, TURN_MS));
      timers.push(
        setInterval(() => {
          if (running.size > 0) void store.renewLeases(holder, clock() + LEASE_MS).catch(failed);
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

class Cancelled extends Error {}

const ENDS: ReadonlySet<JobState> = new Set([
  'done',
  'done_without_ip',
  'failed',
  'rolled_back',
  'cancelled',
]);
