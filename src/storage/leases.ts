import { type Kysely, sql } from 'kysely';
import type { Clock } from '../base/clock.ts';
import type { Tables } from './schema.ts';

/** Work that one process at a time should do. A lease not renewed in time is taken over by whoever asks next. */
export interface Leases {
  take(name: string, holder: string, forMs: number): Promise<boolean>;
  giveBack(name: string, holder: string): Promise<void>;
  /** When the leases whose names begin so run out, in epoch milliseconds. Those that have run out are dropped. */
  heldUntil(prefix: string): Promise<readonly number[]>;
}

export function createLeases(db: Kysely<Tables>, clock: Clock): Leases {
  return {
    async take(name, holder, forMs) {
      const now = clock();
      const result = await db
        .insertInto('leases')
        .values({ name, holder, until_ms: now + forMs })
        .onConflict((conflict) =>
          conflict
            .column('name')
            .doUpdateSet({ holder, until_ms: now + forMs })
            .where((where) =>
              where.or([where('leases.holder', '=', holder), where('leases.until_ms', '<', now)]),
            ),
        )
        .executeTakeFirst();
      return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
    },

    async giveBack(name, holder) {
      await db.deleteFrom('leases').where('name', '=', name).where('holder', '=', holder).execute();
    },

    async heldUntil(prefix) {
      const ofPrefix = sql<boolean>`substr(name, 1, ${sql.lit(prefix.length)}) = ${prefix}`;
      const found = await db.selectFrom('leases').select('until_ms').where(ofPrefix).execute();
      const held = found.map((row) => Number(row.until_ms)).filter((until) => until > clock());
      if (held.length < found.length)
        await db.deleteFrom('leases').where(ofPrefix).where('until_ms', '<=', clock()).execute();
      return held;
    },
  };
}
