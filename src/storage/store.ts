import { type Kysely, sql } from 'kysely';
import type { ChainMac } from '../audit/chain.ts';
import type { Journal } from '../audit/journal.ts';
import type { AuditStore } from '../audit/store.ts';
import type { Change } from '../base/change.ts';
import { type Clock, seconds } from '../base/clock.ts';
import type { Result } from '../base/result.ts';
import type { PeopleStore, PeopleTx, ThrottleStore } from '../people/store.ts';
import { revokeTree } from '../tokens/end.ts';
import type { SigningKeyStore, SigningKeyTx } from '../tokens/signing-keys.ts';
import type { TokenStore, TokenTx } from '../tokens/store.ts';
import { auditReads } from './audit.ts';
import type { Engine } from './engine.ts';
import { announceChanges, appendAudit, appendChange } from './journal.ts';
import { administrators, bootstrapSecrets, peopleReads, peopleWrites, throttleStore } from './people.ts';
import type { Tables } from './schema.ts';
import { signingKeyTable } from './signing-keys.ts';
import { recordLastUse, tokenReads, tokenWrites } from './tokens.ts';

type Tx = TokenTx & PeopleTx & SigningKeyTx;

/** Everything the rooms keep, behind their ports, over one database. */
export type Store = TokenStore &
  PeopleStore &
  SigningKeyStore &
  AuditStore & {
    readonly throttle: ThrottleStore;
    change<T>(work: (tx: Tx) => Promise<Result<T>>): Promise<Result<T>>;
  };

interface Dependencies {
  readonly db: Kysely<Tables>;
  readonly engine: Engine;
  readonly mac: ChainMac;
  readonly clock: Clock;
  /** Called right after a commit with what it changed, before the caller hears of it. */
  readonly committed: (changes: readonly Change[]) => void;
}

// Any number will do, as long as every process of every replica uses this one.
const CHANGE_LOCK = 7_355_601;

class Undo<T> extends Error {
  readonly result: Result<T>;
  constructor(result: Result<T>) {
    super('undone');
    this.result = result;
  }
}

export function createStore({ db, engine, mac, clock, committed }: Dependencies): Store {
  /**
   * One changing transaction at a time over all processes: the audit chain and the order of the change feed need
   * it, and rules that read before they write become simple. SQLite gives it by its write lock, PostgreSQL by an
   * advisory one.
   */
  async function change<T>(work: (tx: Tx) => Promise<Result<T>>): Promise<Result<T>> {
    const changes: Change[] = [];
    try {
      const result = await db.transaction().execute(async (trx) => {
        changes.length = 0;
        if (engine === 'postgres') await sql`select pg_advisory_xact_lock(${CHANGE_LOCK})`.execute(trx);
        const outcome = await work(transaction(trx, changes));
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

  function transaction(trx: Kysely<Tables>, changes: Change[]): Tx {
    const journal: Journal = {
      audit: (entry) => appendAudit(trx, mac, entry),
      async changed(change) {
        changes.push(change);
        await appendChange(trx, change, seconds(clock));
      },
    };
    const tokens = { ...tokenReads(trx), ...tokenWrites(trx), ...journal };
    return {
      ...tokens,
      ...peopleReads(trx),
      ...peopleWrites(trx),
      ...signingKeyTable(trx),
      async revokeTokensOf(username, which, actor, atMs) {
        const live = await tokens.tokens({
          username,
          includeSwept: false,
          ...(which === 'sessions' ? { types: ['session' as const] } : {}),
        });
        let count = 0;
        for (const token of live) {
          // A child may have gone with its parent a moment ago.
          const present = await tokens.token(token.id);
          if (present !== null) count += (await revokeTree(tokens, present, actor, atMs)).length;
        }
        return count;
      },
    };
  }

  return {
    ...tokenReads(db),
    ...peopleReads(db),
    ...auditReads(db),
    ...signingKeyTable(db),
    administrators: () => administrators(db),
    bootstrapSecrets: () => bootstrapSecrets(db),
    recordLastUse: (uses) => recordLastUse(db, uses),
    throttle: throttleStore(db),
    change,
  };
}
