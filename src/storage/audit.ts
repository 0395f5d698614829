import type { Kysely } from 'kysely';
import type { ChainedEntry } from '../audit/chain.ts';
import type { AuditEntry } from '../audit/entry.ts';
import type { AuditStore } from '../audit/store.ts';
import type { Tables } from './schema.ts';

export function auditReads(db: Kysely<Tables>): Pick<AuditStore, 'entries' | 'head'> {
  return {
    async entries(filter) {
      let query = db.selectFrom('audit').selectAll().limit(filter.limit);
      const { actor, action, subject, tokenId, route, sinceMs, untilMs, beforeSeq, afterSeq } = filter;
      if (actor !== undefined) query = query.where('actor', '=', actor);
      if (action !== undefined) query = query.where('action', '=', action);
      if (subject !== undefined) query = query.where('subject', '=', subject);
      if (tokenId !== undefined) query = query.where('token_id', '=', tokenId);
      if (route !== undefined) query = query.where('route', '=', route);
      if (sinceMs !== undefined) query = query.where('at_ms', '>=', sinceMs);
      if (untilMs !== undefined) query = query.where('at_ms', '<=', untilMs);
      if (beforeSeq !== undefined) query = query.where('seq', '<', beforeSeq);
      query =
        afterSeq === undefined
          ? query.orderBy('seq', 'desc')
          : query.where('seq', '>', afterSeq).orderBy('seq', 'asc');
      return (await query.execute()).map(toEntry);
    },

    async head() {
      const row = await db
        .selectFrom('audit_head')
        .select(['seq', 'mac'])
        .where('id', '=', 1)
        .executeTakeFirst();
      return row ?? null;
    },
  };
}

export function toEntry(row: Tables['audit']): ChainedEntry {
  return {
    seq: row.seq,
    at: row.at_ms,
    action: row.action as AuditEntry['action'],
    actor: row.actor,
    tokenId: row.token_id,
    address: row.address,
    subject: row.subject,
    route: row.route,
    method: row.method,
    path: row.path,
    status: row.status,
    detail: readDetail(row.detail),
    mac: row.mac,
  };
}

/** An edited row may hold anything; it must be shown as broken, not break the reader. */
function readDetail(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { unreadable: text };
  }
}
