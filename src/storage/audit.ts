import type { Kysely } from 'kysely';
import type { ChainedEntry } from '../audit/chain.ts';
import type { AuditEntry } from '../audit/entry.ts';
import type { AuditFilter, AuditStore } from '../audit/store.ts';
import type { Tables } from './schema.ts';

/** Rows that one statement looks at where no index leads to what is asked for. */
const SPAN = 5_000;

/** The rows whose numbers lie between these two. */
interface Span {
  readonly above: number;
  readonly below: number;
}

/** @param length rows of a {@link SPAN}; tests take shorter ones */
export function auditReads(db: Kysely<Tables>, length = SPAN): Pick<AuditStore, 'entries' | 'head'> {
  /** What the indexes find of a filter, in its order. */
  function indexed({ actor, subject, tokenId, route, afterSeq }: AuditFilter, { above, below }: Span) {
    let query = db.selectFrom('audit').where('seq', '>', above).where('seq', '<', below);
    if (actor !== undefined) query = query.where('actor', '=', actor);
    if (subject !== undefined) query = query.where('subject', '=', subject);
    if (tokenId !== undefined) query = query.where('token_id', '=', tokenId);
    if (route !== undefined) query = query.where('route', '=', route);
    return query.orderBy('seq', afterSeq === undefined ? 'desc' : 'asc');
  }

  async function matching(filter: AuditFilter, span: Span, limit: number): Promise<ChainedEntry[]> {
    const { action, sinceMs, untilMs } = filter;
    let query = indexed(filter, span).selectAll().limit(limit);
    if (action !== undefined) query = query.where('action', '=', action);
    if (sinceMs !== undefined) query = query.where('at_ms', '>=', sinceMs);
    if (untilMs !== undefined) query = query.where('at_ms', '<=', untilMs);
    return (await query.execute()).map(toEntry);
  }

  /**
   * No index knows which rows are of an action or a time, so such a search may have to read the whole trail. On SQLite
   * one statement that did so would stop everybody else; between two spans they have their turn.
   */
  async function* spans(filter: AuditFilter): AsyncGenerator<Span> {
    const { action, sinceMs, untilMs, afterSeq, beforeSeq } = filter;
    let rest: Span = { above: afterSeq ?? 0, below: beforeSeq ?? Number.MAX_SAFE_INTEGER };
    const isLong = action !== undefined || sinceMs !== undefined || untilMs !== undefined;
    while (isLong) {
      const query = indexed(filter, rest).select('seq').limit(1);
      const end = await query.offset(length - 1).executeTakeFirst();
      if (end === undefined) break;
      if (afterSeq === undefined) {
        yield { ...rest, above: end.seq - 1 };
        rest = { ...rest, below: end.seq };
      } else {
        yield { ...rest, below: end.seq + 1 };
        rest = { ...rest, above: end.seq };
      }
    }
    yield rest;
  }

  return {
    async entries(filter) {
      const found: ChainedEntry[] = [];
      for await (const span of spans(filter)) {
        found.push(...(await matching(filter, span, filter.limit - found.length)));
        if (found.length >= filter.limit) break;
      }
      return found;
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
