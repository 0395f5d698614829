import { type Kysely, sql } from 'kysely';
import type { AuditChain } from '../audit/chain.ts';
import type { Journal } from '../audit/journal.ts';
import type { AuditStore } from '../audit/store.ts';
import type { StoredChange } from '../base/change.ts';
import { type Clock, seconds } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { RouteStore, RouteTx } from '../broker/store.ts';
import type { SealedTx } from '../connections/rewrap.ts';
import type { ConnectionStore, ConnectionTx } from '../connections/store.ts';
import { sealedFault } from '../crypto/seal.ts';
import type { JobStore, JobTx } from '../machines/store.ts';
import type { QuotaStore, QuotaTx } from '../people/quota-book.ts';
import type { RateStore } from '../people/rate.ts';
import type { PeopleStore, PeopleTx, ThrottleStore } from '../people/store.ts';
import { revokeTokensOf, sweepEndedTokens, unpinRole } from '../tokens/end.ts';
import type { SigningKeyStore, SigningKeyTx } from '../tokens/signing-keys.ts';
import type { TokenStore, TokenTx } from '../tokens/store.ts';
import { auditReads } from './audit.ts';
import { connectionReads, connectionWrites, eventDeliveries } from './connections.ts';
import type { Engine } from './engine.ts';
import { jobLeases, jobReads, jobWrites } from './jobs.ts';
import { type AppendAudit, announceChanges, appendChange, createAppendAudit, pause } from './journal.ts';
import { administrators, bootstrapSecrets, peopleReads, peopleWrites } from './people.ts';
import { prune } from './prune.ts';
import { quotaTable, rateTable } from './quota.ts';
import { routeReads, routeWrites } from './routes.ts';
import type { Tables } from './schema.ts';
import { sealedPlaces } from './sealed-places.ts';
import { signingKeyTable } from './signing-keys.ts';
import { throttleStore } from './throttle.ts';
import { recentlyRevoked, recordLastUse, tokenReads, tokenWrites } from './tokens.ts';

type Tx = TokenTx & PeopleTx & SigningKeyTx & QuotaTx & ConnectionTx & RouteTx & JobTx & SealedTx;

/** Everything the rooms keep, behind their ports, over one database. */
export type Store = TokenStore &
  PeopleStore &
  SigningKeyStore &
  AuditStore &
  QuotaStore &
  ConnectionStore &
  RouteStore &
  JobStore &
  RateStore & {
    readonly throttle: ThrottleStore;
    change<T>(work: (tx: Tx) => Promise<Result<T>>): Promise<Result<T>>;
    /** Tokens revoked since then, for offline verifiers. */
    recentlyRevoked(sinceSeconds: number): Promise<{ id: string; at: number }[]>;
    /** Writes the end of expired tokens into their history. */
    sweepEndedTokens(nowMs: number): Promise<void>;
    /** Drops rows nobody will ask for again. */
    prune(nowMs: number): Promise<void>;
  };

interface Dependencies {
  readonly db: Kysely<Tables>;
  readonly engine: Engine;
  /** Null while the master key is missing: then nothing may change, for nothing could be audited. */
  readonly chain: AuditChain | null;
  readonly clock: Clock;
  /** Called right after a commit with what it changed, before the caller hears of it. */
  readonly committed: (changes: readonly StoredChange[]) => void;
}

// Any number will do, as long as every process of every replica uses this one.
const CHANGE_LOCK = 7_355_601;

type Work<T> = (trx: Kysely<Tables>, changes: StoredChange[], append: AppendAudit) => Promise<Result<T>>;

class Undo<T> extends Error {
  readonly result: Result<T>;
  constructor(result: Result<T>) {
    super('undone');
    this.result = result;
  }
}

export function createStore({ db, engine, chain, clock, committed }: Dependencies): Store {
  /**
   * One changing transaction at a time over all processes: the audit chain and the order of the change feed need
   * it, and rules that read before they write become simple. SQLite gives it by its write lock, PostgreSQL by an
   * advisory one. Those of this process queue up before they take a connection, so that reads find one.
   */
  function inTurn<T>(work: Work<T>): Promise<Result<T>> {
    const done = last.then(() => transact(work));
    last = done.catch(() => {});
    return done;
  }
  let last: Promise<unknown> = Promise.resolve();
  const appendAudit = chain === null ? null : createAppendAudit(db, chain);

  async function transact<T>(work: Work<T>): Promise<Result<T>> {
    if (appendAudit === null) return err(sealedFault);
    const changes: StoredChange[] = [];
    try {
      const result = await db.transaction().execute(async (trx) => {
        changes.length = 0;
        if (engine === 'postgres') await sql`select pg_advisory_xact_lock(${CHANGE_LOCK})`.execute(trx);
        const outcome = await work(trx, changes, appendAudit);
        if (!outcome.ok) throw new Undo(outcome);
        if (changes.length > 0 && engine === 'postgres') await announceChanges(trx);
        return outcome;
      });
      committed(changes);
      return result;
    } catch (error) {
      if (error instanceof Undo) return error.result as Result<T>;
      throw error;
    }
  }

  const change = <T>(work: (tx: Tx) => Promise<Result<T>>): Promise<Result<T>> =>
    inTurn((trx, changes, append) => work(transaction(trx, changes, append)));

  function transaction(trx: Kysely<Tables>, changes: StoredChange[], append: AppendAudit): Tx {
    const journal: Journal = {
      audit: (...entries) => append(trx, entries),
      async changed(change) {
        changes.push(await appendChange(trx, change, seconds(clock)));
      },
    };
    const tokens = { ...tokenReads(trx), ...tokenWrites(trx), ...journal };
    return {
      ...tokens,
      ...peopleReads(trx),
      ...peopleWrites(trx),
      ...signingKeyTable(trx),
      ...quotaTable(trx),
      ...connectionReads(trx),
      ...connectionWrites(trx),
      ...routeReads(trx),
      ...routeWrites(trx),
      ...jobReads(trx),
      ...jobWrites(trx),
      ...sealedPlaces(trx),
      revokeTokensOf: (username, which, actor, atMs) => revokeTokensOf(tokens, username, which, actor, atMs),
      unpinRole: (username, role) => unpinRole(tokens, username, role),
    };
  }

  return {
    ...tokenReads(db),
    ...peopleReads(db),
    ...auditReads(db),
    ...signingKeyTable(db),
    ...quotaTable(db),
    ...connectionReads(db),
    ...routeReads(db),
    ...jobReads(db),
    ...jobLeases(db),
    ...eventDeliveries(db),
    ...rateTable(db),
    administrators: () => administrators(db),
    bootstrapSecrets: () => bootstrapSecrets(db),
    recordLastUse: (uses) => recordLastUse(db, uses),
    throttle: throttleStore(db),
    change,
    append: (entries, urgency) =>
      inTurn(async (trx, _, append) =>
        ok(await append(trx, entries, engine === 'sqlite' && urgency === 'patient' ? pause : undefined)),
      ),
    recentlyRevoked: (sinceSeconds) => recentlyRevoked(db, sinceSeconds),
    prune: (nowMs) => prune(db, nowMs),
    sweepEndedTokens: (nowMs) => sweepEndedTokens({ change }, nowMs),
  };
}
