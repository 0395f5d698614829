import { type Kysely, sql } from 'kysely';
import type { ThrottleStore } from '../people/store.ts';
import type { Tables } from './schema.ts';

export function throttleStore(db: Kysely<Tables>): ThrottleStore {
  return {
    async countAttempt(key, atMs, { free, waitsMs, fadeMs, memoryMs }) {
      const failures = sql.ref<number>('sign_in_attempts.failures');
      const lastAt = sql.ref<number>('sign_in_attempts.last_at_ms');
      const anew = sql<boolean>`${lastAt} < ${atMs - memoryMs}`;
      // Cast, since SQLite divides what is bound as floating point.
      const faded = sql<number>`cast((${atMs} - ${lastAt}) / ${sql.lit(fadeMs)} as bigint)`;
      const steps = waitsMs.map(
        (wait, at) => sql`when ${failures} <= ${sql.lit(free + at)} then ${sql.lit(wait)}`,
      );
      const wait = sql<number>`case ${sql.join(steps, sql` `)} else ${sql.lit(waitsMs.at(-1) ?? 0)} end`;
      const counted = await db
        .insertInto('sign_in_attempts')
        .values({ key, failures: 1, last_at_ms: atMs })
        .onConflict((conflict) =>
          conflict
            .column('key')
            .doUpdateSet({
              failures: sql<number>`case when ${anew} or ${failures} <= ${faded} then 1 else ${failures} - ${faded} + 1 end`,
              last_at_ms: atMs,
            })
            .where(
              sql<boolean>`(${anew} or ${failures} < ${sql.lit(free)} or ${atMs} - ${lastAt} >= ${wait})`,
            ),
        )
        .returning('key')
        .execute();
      if (counted.length > 0) return null;
      const row = await db
        .selectFrom('sign_in_attempts')
        .select(['failures', 'last_at_ms'])
        .where('key', '=', key)
        .executeTakeFirst();
      return { failures: row?.failures ?? free, lastAt: row?.last_at_ms ?? atMs };
    },

    async takeBack(key) {
      await db
        .updateTable('sign_in_attempts')
        .set((set) => ({ failures: set('failures', '-', 1) }))
        .where('key', '=', key)
        .where('failures', '>', 0)
        .execute();
    },

    async clear(key) {
      await db.deleteFrom('sign_in_attempts').where('key', '=', key).execute();
    },
  };
}
