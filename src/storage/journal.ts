import { type Kysely, sql } from 'kysely';
import type { ChainMac } from '../audit/chain.ts';
import type { AuditEntry } from '../audit/entry.ts';
import type { Change, StoredChange } from '../base/change.ts';
import type { Tables } from './schema.ts';

/** Appends one audit row to the chain, inside the one changing transaction there is at a time. */
export async function appendAudit(db: Kysely<Tables>, mac: ChainMac, entry: AuditEntry): Promise<void> {
  const head = await db
    .selectFrom('audit_head')
    .select(['seq', 'mac'])
    .where('id', '=', 1)
    .executeTakeFirst();
  const seq = (head?.seq ?? 0) + 1;
  // What is hashed is what a reader gets back: the detail goes through JSON once.
  const detail = JSON.stringify(entry.detail);
  const link = mac(head?.mac ?? '', seq, { ...entry, detail: JSON.parse(detail) as Record<string, unknown> });
  await db
    .insertInto('audit')
    .values({
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
      mac: link,
    })
    .execute();
  await db
    .insertInto('audit_head')
    .values({ id: 1, seq, mac: link })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ seq, mac: link }))
    .execute();
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
