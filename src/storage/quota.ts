import { type Kysely, sql } from 'kysely';
import type { QuotaConfig } from '../people/quota.ts';
import type { QuotaTx } from '../people/quota-book.ts';
import type { RateStore } from '../people/rate.ts';
import type { Tables } from './schema.ts';

const NAME = 'quota-overrides';

export function quotaTable(db: Kysely<Tables>): Pick<QuotaTx, 'quotaOverrides' | 'putQuotaOverrides'> {
  return {
    async quotaOverrides() {
      const row = await db.selectFrom('settings').select('value').where('name', '=', NAME).executeTakeFirst();
      return row === undefined ? null : (JSON.parse(row.value) as QuotaConfig);
    },

    async putQuotaOverrides(overrides) {
      if (overrides === null) {
        await db.deleteFrom('settings').where('name', '=', NAME).execute();
        return;
      }
      const value = JSON.stringify(overrides);
      await db
        .insertInto('settings')
        .values({ name: NAME, value })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
        .execute();
    },
  };
}

const ROWS_AT_ONCE = 500;

export function rateTable(db: Kysely<Tables>): RateStore {
  return {
    async putRateCounts(minute, process, counts) {
      for (let from = 0; from < counts.length; from += ROWS_AT_ONCE) {
        await db
          .insertInto('rate_counts')
          .values(counts.slice(from, from + ROWS_AT_ONCE).map((count) => ({ ...count, minute, process })))
          .onConflict((conflict) =>
            conflict
              .columns(['minute', 'username', 'service', 'process'])
              .doUpdateSet({ used: sql`excluded.used` }),
          )
          .execute();
      }
    },

    async othersRateCounts(minute, process) {
      const rows = await db
        .selectFrom('rate_counts')
        .select(['username', 'service', (of) => of.fn.sum<number | string>('used').as('used')])
        .where('minute', '=', minute)
        .where('process', '<>', process)
        .groupBy(['username', 'service'])
        .execute();
      return rows.map((row) => ({ ...row, used: Number(row.used) }));
    },
  };
}
