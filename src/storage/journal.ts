import { setImmediate as nextTurn } from 'node:timers/promises';
import { CompiledQuery, type Kysely, sql } from 'kysely';
import type { ChainMac } from '../audit/chain.ts';
import type { AuditEntry } from '../audit/entry.ts';
import type { Change, StoredChange } from '../base/change.ts';
import type { Tables } from './schema.ts';

/** Appends rows to the audit chain, inside the one changing transaction there is at a time. */
export type AppendAudit = (db: Kysely<Tables>, entries: readonly AuditEntry[]) => Promise<void>;

/** Rows of one statement; each size is a text of its own, built once. */
const SIZES = [50, 10, 1] as const;

export function createAppendAudit(mac: ChainMac): AppendAudit {
  const texts = new Map<number, string>();

  function insert(db: Kysely<Tables>, rows: readonly Tables['audit'][]): CompiledQuery {
    const text = texts.get(rows.length) ?? db.insertInto('audit').values(rows).compile().sql;
    texts.set(rows.length, text);
    const values: unknown[] = [];
    for (const row of rows) for (const name of COLUMNS) values.push(row[name]);
    return CompiledQuery.raw(text, values);
  }

  return async (db, entries) => {
    const head = await db
      .selectFrom('audit_head')
      .select(['seq', 'mac'])
      .where('id', '=', 1)
      .executeTakeFirst();
    let { seq, mac: link } = head ?? { seq: 0, mac: '' };
    for (let at = 0; at < entries.length; ) {
      const size = SIZES.find((each) => each <= entries.length - at) ?? 1;
      const rows = entries.slice(at, at + size).map((entry) => {
        // Hashed is the text that is kept, which is what a reader gets back.
        const detail = JSON.stringify(entry.detail);
        seq += 1;
        link = mac(link, seq, entry, detail);
        return rowOf(entry, seq, detail, link);
      });
      await db.executeQuery(insert(db, rows));
      at += size;
      // SQLite answers at once; whoever else is served gets a turn between two statements.
      if (at < entries.length) await nextTurn();
    }
    await db
      .insertInto('audit_head')
      .values({ id: 1, seq, mac: link })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ seq, mac: link }))
      .execute();
  };
}

const rowOf = (entry: AuditEntry, seq: number, detail: string, mac: string): Tables['audit'] => ({
  seq,
  at_ms: entry.at,
  action: entry.action,
  actor: entry.actor,
  token_id: entry.tokenId,
  address: entry.address,
  subject: entry.subject,
  route: entry.route,
  method: entry.method,
  path: entry.path,
  status: entry.status,
  detail,
  mac,
});

/** In the order in which a statement built from such a row names them. */
const COLUMNS = [
  'seq',
  'at_ms',
  'action',
  'actor',
  'token_id',
  'address',
  'subject',
  'route',
  'method',
  'path',
  'status',
  'detail',
  'mac',
] as const;

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
