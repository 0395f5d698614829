import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { CompiledQuery, type Kysely, sql } from 'kysely';
import type { AuditChain } from '../audit/chain.ts';
import type { AuditEntry } from '../audit/entry.ts';
import type { Change, StoredChange } from '../base/change.ts';
import type { Tables } from './schema.ts';

/**
 * Appends rows to the audit chain, inside the one changing transaction there is at a time.
 *
 * @param between lets others have their turn, between two statements
 */
export type AppendAudit = (
  trx: Kysely<Tables>,
  entries: readonly AuditEntry[],
  between?: () => Promise<unknown>,
) => Promise<void>;

const PAUSE_MS = 2;
/** Between statements that nobody waits for: long enough that calls under way are hardly slower meanwhile. */
export const pause = (): Promise<unknown> => sleep(PAUSE_MS);

/** Rows of one statement; each size is a text of its own, built once. */
const SIZES = [50, 10, 1] as const;

/** @param db only puts the statements together, once; each call says in which transaction they run */
export function createAppendAudit(db: Kysely<Tables>, chain: AuditChain): AppendAudit {
  const texts = new Map<number, string>();
  const readHead = db.selectFrom('audit_head').select(['seq', 'mac']).where('id', '=', 1).compile();
  const moveHead = db
    .insertInto('audit_head')
    .values({ id: 1, seq: 0, mac: '' })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((given) => ({
        seq: given.ref('excluded.seq'),
        mac: given.ref('excluded.mac'),
      })),
    )
    .compile().sql;

  const textOf = (size: number): string => {
    const text = texts.get(size) ?? db.insertInto('audit').values(Array(size).fill(SHAPE)).compile().sql;
    texts.set(size, text);
    return text;
  };

  return async (trx, entries, between = nextTurn) => {
    const head = await trx.executeQuery(readHead);
    let { seq, mac } = head.rows[0] ?? { seq: 0, mac: '' };
    for (let at = 0; at < entries.length; ) {
      const size = SIZES.find((each) => each <= entries.length - at) ?? 1;
      const values: unknown[] = [];
      for (const end = at + size; at < end; at++) {
        const entry = entries[at] as AuditEntry;
        // Hashed is the text that is kept, which is what a reader gets back.
        const detail = JSON.stringify(entry.detail);
        seq += 1;
        mac =
          at === entries.length - 1
            ? chain.seal(mac, seq, entry, detail)
            : chain.link(mac, seq, entry, detail);
        pushValues(values, entry, seq, detail, mac);
      }
      await trx.executeQuery(CompiledQuery.raw(textOf(size), values));
      // SQLite answers at once, so nobody else had a turn.
      if (at < entries.length) await between();
    }
    await trx.executeQuery(CompiledQuery.raw(moveHead, [1, seq, mac]));
  };
}

/** A row with its columns in the order in which {@link pushValues} gives their values. */
const SHAPE: Tables['audit'] = {
  seq: 0,
  at_ms: 0,
  action: '',
  actor: '',
  token_id: null,
  address: null,
  subject: null,
  route: null,
  method: null,
  path: null,
  status: null,
  detail: '',
  mac: '',
};

function pushValues(values: unknown[], entry: AuditEntry, seq: number, detail: string, mac: string): void {
  const { at, action, actor, tokenId, address, subject, route, method, path, status } = entry;
  values.push(seq, at, action, actor, tokenId, address, subject, route, method, path, status, detail, mac);
}

export async function appendChange(
  db: Kysely<Tables>,
  change: Change,
  atSeconds: number,
): Promise<StoredChange> {
  const { seq } = await db
    .insertInto('changes')
    .values({ topic: change.topic, key: change.key, at: atSeconds })
    .returning('seq')
    .executeTakeFirstOrThrow();
  return { ...change, seq };
}

export const FEED_CHANNEL = 'tessera_changes';

/** Wakes the followers when the transaction commits; PostgreSQL only. */
export async function announceChanges(db: Kysely<Tables>): Promise<void> {
  await sql`select pg_notify(${FEED_CHANNEL}, '')`.execute(db);
}
