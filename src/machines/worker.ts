import { internalActor } from '../access/principal.ts';
import { type AuditAction, auditEntry } from '../audit/entry.ts';
import { change } from '../base/change.ts';
import { type Clock, seconds, type Wait } from '../base/clock.ts';
import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Outlets } from '../connections/outlets.ts';
import type { NewEvent } from '../connections/record.ts';
import type { Finding } from '../kinds/finding.ts';
import { proxmoxApi } from '../kinds/proxmox/api.ts';
import { tokenIdOf } from '../kinds/proxmox/identity.ts';
import { explainRefusal } from '../kinds/proxmox/refusal.ts';
import { createIdTurns } from './id-turns.ts';
import { hasEnded, type JobProgress, type JobRecord, type JobState } from './record.ts';
import { clone, configure, resize, start, undo, waitForAddress } from './steps.ts';
import type { JobStore } from './store.ts';
import { type Pace, type StepTools, wayBroke } from './tools.ts';

/** Carries one job from wherever it is to its end. */
export interface Worker {
  /** Rejects with `Dropped` where another process has the job meanwhile, or this one closes. */
  work(job: JobRecord): Promise<void>;
  /** Tools for single calls on the guest of a job, outside of its steps. */
  withTools<T>(job: JobRecord, work: (tools: StepTools) => Promise<Result<T, Finding>>): Promise<Result<T>>;
}

export interface WorkerNeeds {
  readonly store: JobStore;
  readonly outlets: Outlets;
  readonly clock: Clock;
  readonly wait: Wait;
  readonly holder: string;
  /** Seconds to wait for an address. */
  readonly addressSeconds: number;
  readonly closing: () => boolean;
  /** A clone has ended: there is room for another. */
  readonly cloned: () => void;
  /** A job of this process left a step; told after it was written down. */
  readonly stepped: (from: JobState, to: JobState, tookMs: number, ended: boolean) => void;
  /** Whether events also go to a webhook, and what is called after one was raised. */
  readonly announcing: { readonly delivers: boolean; readonly raised: () => void };
}

/** Not another word about this job from here. */
export class Dropped extends Error {}
/** A person asked for the undo. */
class Cancelled extends Error {}

/** The first look comes soon, for tasks that are done at once; then one a second. */
const FIRST_LOOK_MS = 50;
const LOOK_MS = 1000;
/** Times that a step is tried again after the way to the system broke. */
const AGAIN = 3;
const UNDO_SECONDS = 600;

const STEPS: Partial<Record<JobState, { run: typeof clone; seconds: number }>> = {
  cloning: { run: clone, seconds: 1800 },
  configuring: { run: configure, seconds: 120 },
  resizing: { run: resize, seconds: 300 },
  starting: { run: start, seconds: 120 },
};

export function createWorker(needs: WorkerNeeds): Worker {
  const { store, outlets, clock, wait, holder, closing } = needs;
  const chooseInTurn = createIdTurns();

  /** Writes a step of the job, if it is still ours, together with its line in the trail. */
  async function save(job: JobRecord, action: AuditAction | null, detail: object = {}): Promise<JobRecord> {
    const saved = await store.change<JobRecord>(async (tx) => {
      const [present, held] = [await tx.job(job.id), await tx.jobHolder(job.id)];
      if (present === null || held !== holder || present.endedAt !== null)
        return err(fault('conflict', 'The job is worked at elsewhere.'));
      const next = { ...job, cancelRequested: present.cancelRequested, updatedAt: seconds(clock) };
      await tx.putJob(next);
      if (action !== null) {
        await tx.changed(change('job', job.id));
        const event = eventOf(job, seconds(clock));
        if (event !== null) await tx.insertConnectionEvent(event, needs.announcing.delivers);
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

  async function enter(
    job: JobRecord,
    state: JobState,
    note: string,
    more: Partial<JobProgress> = {},
  ): Promise<JobRecord> {
    const ended = hasEnded(state);
    const steps = [...job.progress.steps, { state, atMs: clock(), note }];
    const saved = await save(
      {
        ...job,
        state,
        progress: { ...job.progress, ...more, steps },
        endedAt: ended ? seconds(clock) : null,
      },
      ended ? 'job.ended' : 'job.step',
      note === '' ? {} : { note },
    );
    const since = job.progress.steps.at(-1)?.atMs ?? clock();
    needs.stepped(job.state, state, clock() - since, ended);
    if (eventOf(saved, 0) !== null) needs.announcing.raised();
    return saved;
  }

  function paceFor(current: { job: JobRecord }, until: number, watch: boolean): Pace {
    let looks = 0;
    return {
      async keep(more) {
        current.job = await save({ ...current.job, progress: { ...current.job.progress, ...more } }, null);
        return current.job;
      },
      async pause() {
        await wait(looks === 0 ? FIRST_LOOK_MS : LOOK_MS);
        looks += 1;
        if (closing()) throw new Dropped('closing');
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

  /** Runs work to its end: again where the way there broke, a few times, and where something else holds the guest. */
  async function attempt<T>(
    current: { job: JobRecord },
    limitSeconds: number,
    watch: boolean,
    work: (job: JobRecord, tools: StepTools) => Promise<Result<T, Finding>>,
  ): Promise<Result<T, Finding>> {
    const until = clock() + limitSeconds * 1000;
    for (let broken = 0; ; ) {
      let said: Finding | null = null;
      const pace = paceFor(current, until, watch);
      const done = await withOutlet(current.job, pace, async (tools) => {
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
      if (wayBroke(finding)) broken += 1;
      else if (finding.code !== 'VM_LOCKED') return err(finding);
      if (broken > AGAIN || clock() >= until) return err(finding);
      await wait(LOOK_MS);
      if (closing()) throw new Dropped('closing');
    }
  }

  async function makeOrFail(current: { job: JobRecord }): Promise<void> {
    while (current.job.endedAt === null && current.job.state !== 'rolling_back') {
      const { state } = current.job;
      const step = STEPS[state] ?? { run: waitForAddress, seconds: needs.addressSeconds };
      if (current.job.cancelRequested) throw new Cancelled();
      const done = await attempt(current, step.seconds, true, step.run);
      current.job = done.ok
        ? await enter(current.job, done.value, '', { upid: null })
        : await enter(current.job, 'rolling_back', done.error.sentence, { finding: done.error });
      if (state === 'cloning') needs.cloned();
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

  return {
    async work(job) {
      const current = { job };
      try {
        await makeOrFail(current);
      } catch (error) {
        if (!(error instanceof Cancelled)) throw error;
        current.job = await enter(current.job, 'rolling_back', 'cancelled', { cancelling: true });
      }
      if (current.job.state === 'rolling_back') await rollBack(current);
    },

    withTools: (job, use) => {
      const until = clock() + UNDO_SECONDS * 1000;
      return withOutlet(
        job,
        {
          keep: async (more) => ({ ...job, progress: { ...job.progress, ...more } }),
          pause: async () => {
            await wait(LOOK_MS / 4);
            return clock() < until;
          },
        },
        use,
      );
    },
  };
}

/** What somebody should know of without having asked: a machine that was not made, and above all what is left of it. */
function eventOf(job: JobRecord, at: number): NewEvent | null {
  const { finding, leftover, cancelling } = job.progress;
  const left = job.state === 'failed';
  if (!left && (job.state !== 'rolled_back' || cancelling)) return null;
  const why = finding?.sentence ?? 'It was cancelled.';
  return {
    at,
    kind: left ? 'machine_left_over' : 'machine_failed',
    connectionId: job.connectionId,
    connectionName: job.connectionName,
    code: finding?.code ?? 'CANCELLED',
    sentence: left
      ? `Of machine '${job.name}' something is left: ${leftover ?? 'nothing known'}. ${why}`
      : `Machine '${job.name}' was not made, and nothing of it is left. ${why}`,
    fix: left
      ? `DELETE /api/v1/machines/${job.id} removes it. ${finding?.fix ?? ''}`.trim()
      : (finding?.fix ?? ''),
  };
}
