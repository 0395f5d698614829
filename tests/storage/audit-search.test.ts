import { type Kysely, sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import type { ChainedEntry } from '../../src/audit/chain.ts';
import type { AuditFilter } from '../../src/audit/store.ts';
import { auditReads } from '../../src/storage/audit.ts';
import type { Tables } from '../../src/storage/schema.ts';
import { ENGINES, freshDatabase, openMigrated } from '../support/database.ts';
import { overheard } from './statements.ts';

/** A trail whose times are not in the order of its numbers, as where several processes write, with a rare action. */
const fill = (db: Kysely<Tables>, rows: number) =>
  sql`insert into audit (seq, at_ms, action, actor, token_id, route, detail, mac)
    with recursive n(i) as (select 1 union all select i + 1 from n where i < ${sql.lit(rows)})
    select i, 1000 * i + 7919 * i % 5000, case when i % 13 = 5 then 'token.revoked' else 'route.used' end,
      'person-' || (i % 3), 'token-' || (i % 5), case when i % 4 = 0 then null else 'route-' || (i % 4) end, '{}', 'mac'
    from n`.execute(db);

function matches(filter: AuditFilter, row: ChainedEntry): boolean {
  const { actor, action, tokenId, route, sinceMs, untilMs, beforeSeq, afterSeq } = filter;
  return (
    (actor === undefined || row.actor === actor) &&
    (action === undefined || row.action === action) &&
    (tokenId === undefined || row.tokenId === tokenId) &&
    (route === undefined || row.route === route) &&
    (sinceMs === undefined || row.at >= sinceMs) &&
    (untilMs === undefined || row.at <= untilMs) &&
    (beforeSeq === undefined || row.seq < beforeSeq) &&
    (afterSeq === undefined || row.seq > afterSeq)
  );
}

/** Every set of these, so that each meets each. */
function combined(parts: readonly Partial<AuditFilter>[]): Partial<AuditFilter>[] {
  let all: Partial<AuditFilter>[] = [{}];
  for (const part of parts) all = all.concat(all.map((one) => ({ ...one, ...part })));
  return all;
}

describe.each(ENGINES)('on %s', (engine) => {
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  async function trail(rows: number): Promise<Kysely<Tables>> {
    const files = await freshDatabase(engine);
    const { db, close } = await openMigrated(files);
    ends.push(close, files.drop);
    await fill(db, rows);
    return db;
  }

  test('what is read in spans is what a look at every row would find', async () => {
    const db = await trail(120);
    const all = await auditReads(db).entries({ afterSeq: 0, limit: 1000 });
    expect(all.length).toBe(120);
    const filters = combined([
      { action: 'token.revoked' },
      { actor: 'person-1' },
      { tokenId: 'token-2', route: 'route-3' },
      { sinceMs: 31_500 },
      { untilMs: 93_000 },
      { beforeSeq: 104 },
      { afterSeq: 17 },
    ]);
    for (const span of [5, 120, 121]) {
      const { entries } = auditReads(db, span);
      for (const filter of filters) {
        const wanted = all.filter((row) => matches({ ...filter, limit: 0 }, row));
        if (filter.afterSeq === undefined) wanted.reverse();
        for (const limit of [1, 3, 1000]) {
          const found = await entries({ ...filter, limit });
          expect(found, `${span} ${JSON.stringify(filter)} ${limit}`).toEqual(wanted.slice(0, limit));
        }
      }
    }
  });

  test('a search for a time long past is many short statements, between which others have their turn', async () => {
    const db = await trail(20_000);
    const { db: listening, statements } = overheard(db);
    const { entries } = auditReads(listening, 2000);
    expect(await entries({ untilMs: 1000, limit: 50 })).toEqual([]);
    expect(statements.splice(0)).toHaveLength(22);
    expect((await entries({ sinceMs: 1000, limit: 50 })).length).toBe(50);
    expect(statements).toHaveLength(2);
  });
});
