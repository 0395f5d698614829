import { type Actor, internalActor } from '../access/principal.ts';
import { type Clock, seconds } from '../base/clock.ts';
import { fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import type { Step } from '../kinds/finding.ts';
import type { CredentialInput, Expectations, KindName } from '../kinds/kind.ts';
import { faultOf, mayManage, mayRead, unknownConnection } from './access.ts';
import { storedCandidate, typedCandidate, type Wanted } from './candidate.ts';
import { type FallbackWish, readSecrets, readTarget, type TargetWish } from './draft.ts';
import type { Examination, Examiner } from './examine.ts';
import { find } from './findings.ts';
import type { Outcomes } from './outcome.ts';
import type { ConnectionRecord } from './record.ts';
import type { ConnectionStore } from './store.ts';
import { countsRefusals, type Turns } from './turns.ts';
import type { Vault } from './vault.ts';
import type { WayOut } from './way-out.ts';

export interface ValuesToTest extends TargetWish {
  readonly credential: CredentialInput;
  readonly fallback?: FallbackWish;
  readonly expect?: Expectations;
  readonly probePassword?: Secret;
}

export interface Tested {
  readonly record: ConnectionRecord;
  readonly examination: Examination;
}

export interface Checked {
  readonly record: ConnectionRecord;
  /** Null where the test could not be made; `problem` then says why. */
  readonly examination: Examination | null;
  readonly problem: string | null;
}

export interface Testing {
  /** A stored connection; what is found is written down. */
  stored(actor: Actor, key: string, wanted: Wanted, step?: Step): Promise<Result<Tested>>;
  /** Values that are not stored, and nothing of them is kept. */
  values(actor: Actor, values: ValuesToTest, step?: Step): Promise<Result<Examination>>;
  /** All connections, or one, ten side by side. */
  doctor(actor: Actor, which: { key?: string; kind?: KindName }): Promise<Result<Checked[]>>;
  /** After calls through a route were refused: finds out, and writes down, whether it is the credential. */
  doubted(id: string): Promise<Result<Tested>>;
  /** The scheduled look at everything last tested before `dueBefore` (seconds), done by Tessera itself. */
  recheck(actor: Actor, dueBefore: number): Promise<void>;
}

interface Dependencies {
  readonly store: ConnectionStore;
  readonly turns: Turns;
  readonly vault: Vault;
  readonly wayOut: WayOut;
  readonly examiner: Examiner;
  readonly outcomes: Outcomes;
  readonly clock: Clock;
}

const SIDE_BY_SIDE = 10;

export function createTesting({
  store,
  turns,
  vault,
  wayOut,
  examiner,
  outcomes,
  clock,
}: Dependencies): Testing {
  const waiting = new Map<string, Promise<unknown>>();

  /** One test of a connection after another, so that none sends what the one before saw refused. */
  function inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const mine = (waiting.get(id) ?? Promise.resolve()).then(work, work);
    waiting.set(id, mine);
    const done = (): void => {
      if (waiting.get(id) === mine) waiting.delete(id);
    };
    mine.then(done, done);
    return mine;
  }

  const test = (
    actor: Actor,
    id: string,
    wanted: Wanted,
    patient: boolean,
    step?: Step,
  ): Promise<Result<Tested>> =>
    inTurn(id, async () => {
      const record = await store.connection(id);
      if (record === null) return err(unknownConnection(id));
      // Other processes may be about to send the same password; nobody does before this one's answer is known.
      return countsRefusals(record)
        ? turns.take(id, () => testNow(actor, id, wanted, patient, step))
        : testNow(actor, id, wanted, patient, step);
    });

  const testNow = async (
    actor: Actor,
    id: string,
    wanted: Wanted,
    patient: boolean,
    step: Step | undefined,
  ): Promise<Result<Tested>> => {
    const record = await store.connection(id);
    if (record === null) return err(unknownConnection(id));
    const candidate = storedCandidate(wayOut, vault, record, wanted);
    if (!candidate.ok) return candidate;
    if (candidate.value === null) {
      const missing = find('NO_CREDENTIAL', 'P0', 'nothing stored', { name: record.name });
      return err(faultOf(missing, 'connection_failed'));
    }
    const examination = await examiner.examine(candidate.value, patient, step);
    const written = await outcomes.tested(actor, record, examination);
    return written.ok ? ok({ record: written.value, examination }) : written;
  };

  /** Several at once; the rest wait for a free place. */
  async function sideBySide<A, B>(items: readonly A[], work: (item: A) => Promise<B>): Promise<B[]> {
    const results: B[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let at = next++; at < items.length; at = next++) {
        const item = items[at];
        if (item !== undefined) results[at] = await work(item);
      }
    };
    await Promise.all(Array.from({ length: Math.min(SIDE_BY_SIDE, items.length) }, worker));
    return results;
  }

  async function checkAll(
    actor: Actor,
    records: readonly ConnectionRecord[],
    patient: boolean,
  ): Promise<Checked[]> {
    return sideBySide(records, async (record) => {
      try {
        const checked = await test(actor, record.id, {}, patient);
        if (checked.ok) return { ...checked.value, problem: null };
        return { record, examination: null, problem: checked.error.message };
      } catch (error) {
        // One connection whose test breaks must not hide the others.
        const reason = error instanceof Error ? error.name : 'unknown';
        return { record, examination: null, problem: `The test broke off (${reason}).` };
      }
    });
  }

  return {
    async stored(actor, key, wanted, step) {
      const allowed = mayManage(actor, 'test connections');
      if (!allowed.ok) return allowed;
      const record = await store.connection(key);
      return record === null ? err(unknownConnection(key)) : test(actor, record.id, wanted, true, step);
    },

    doubted: (id) => test(internalActor, id, {}, false),

    async values(actor, values, step) {
      const allowed = mayManage(actor, 'test connections');
      if (!allowed.ok) return allowed;
      const target = readTarget(wayOut, values, seconds(clock));
      if (!target.ok) return target;
      const secrets = readSecrets(values.kind, values);
      if (!secrets.ok) return secrets;
      const enabled = values.fallback?.enabled ?? false;
      const candidate = typedCandidate(target.value, secrets.value, enabled, values);
      if (candidate === null) return err(fieldFault('invalid_request', 'credential', 'is missing'));
      return ok(await examiner.examine(candidate, true, step));
    },

    async doctor(actor, { key, kind }) {
      const allowed = mayRead(actor, 'examine connections');
      if (!allowed.ok) return allowed;
      // Looking at everything is no reason to send again what Foreman refused; asking for one by name is.
      if (key === undefined) return ok(await checkAll(actor, await store.connections(kind), false));
      const record = await store.connection(key);
      return record === null ? err(unknownConnection(key)) : ok(await checkAll(actor, [record], true));
    },

    async recheck(actor, dueBefore) {
      const due = (await store.connections()).filter(
        (record) => record.credential !== null && (record.lastTest?.at ?? 0) <= dueBefore,
      );
      await checkAll(actor, due, false);
    },
  };
}
