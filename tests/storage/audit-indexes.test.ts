import { join } from 'node:path';
import { CompiledQuery, type Kysely, sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { auditChain } from '../../src/audit/chain.ts';
import type { AuditFilter } from '../../src/audit/store.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { Tables } from '../../src/storage/schema.ts';
import { loadSqlite } from '../../src/storage/sqlite-module.ts';
import { createStore } from '../../src/storage/store.ts';
import { ENGINES, freshDatabase, openMigrated } from '../support/database.ts';
import { overheard } from './statements.ts';

const ROWS = 30_000;

/** A trail in which everybody did a little: 300 routes, persons, subjects and tokens take turns. */
const fill = (db: Kysely<Tables>) =>
  sql`insert into audit (seq, at_ms, action, actor, token_id, subject, route, detail, mac)
    with recursive n(i) as (select 1 union all select i + 1 from n where i < ${sql.lit(ROWS)})
    select i, 1000 * i, 'route.used', 'person-' || (i % 300), 'token-' || (i % 300), 'subject-' || (i % 300),
      'route-' || (i % 300), '{}', 'mac' from n`.execute(db);

describe.each(ENGINES)('on %s', (engine) => {
  test('what one route, token, person or subject did is found by its index, never by reading the trail', async () => {
    const files = await freshDatabase(engine);
    const { db, close } = await openMigrated(files);
    await fill(db);
    if (engine === 'postgres') await sql`analyze audit`.execute(db);

    const beside =
      engine === 'sqlite' ? new (await loadSqlite())(join(files.folder, 'tessera.sqlite')) : null;

    const { db: listening, statements } = overheard(db);
    const store = createStore({
      db: listening,
      engine,
      chain: auditChain('key'),
      clock: systemClock,
      committed: () => {},
    });
    const plansOf = async (filter: AuditFilter): Promise<string[]> => {
      statements.length = 0;
      await store.entries(filter);
      if (statements.length === 0) throw new Error('nothing was asked');
      const plans: string[] = [];
      for (const node of statements) {
        const query = db.getExecutor().compileQuery(node, { queryId: 'plan' });
        // The dialect for SQLite knows no such statement: plans are of no use to the program.
        const rows =
          beside?.prepare(`explain query plan ${query.sql}`).all(...query.parameters) ??
          (await db.executeQuery(CompiledQuery.raw(`explain ${query.sql}`, [...query.parameters]))).rows;
        plans.push(JSON.stringify(rows));
      }
      return plans;
    };

    const time = { sinceMs: 1_000_000, untilMs: 29_000_000 };
    for (const [index, filter] of [
      ['audit_route', { route: 'route-7' }],
      ['audit_token', { tokenId: 'token-7' }],
      ['audit_actor', { actor: 'person-7' }],
      ['audit_subject', { subject: 'subject-7' }],
    ] as const) {
      for (const more of [{}, time, { beforeSeq: 20_000 }, { afterSeq: 20_000 }]) {
        const filters = { ...filter, ...more, limit: 50 };
        for (const plan of await plansOf(filters)) {
          expect(plan, JSON.stringify(filters)).toContain(index);
          expect(plan).not.toMatch(/Seq Scan|SCAN audit/);
        }
      }
      const rows = await store.entries({ ...filter, ...time, limit: 500 });
      expect(rows.length).toBe(93);
      expect(rows.every(({ seq }) => seq % 300 === 7)).toBe(true);
    }
    // Without such a name the newest come first, and reading ends with the page.
    for (const filter of [{}, time, { afterSeq: 29_000 }]) {
      for (const plan of await plansOf({ ...filter, limit: 50 }))
        expect(plan).not.toMatch(/Sort|TEMP B-TREE/);
    }

    beside?.close();
    await close();
    await files.drop();
  });
});
