import { type Kysely, type Migration, sql } from 'kysely';

/** Finds what was revoked of late, and what is long dead, without reading every token. Never edited once released. */
export const tokenEnds = (): Migration => ({
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`create index tokens_revoked on tokens (revoked_at) where revoked_at is not null`.execute(db);
    await sql`create index tokens_ended on tokens (expires_at) where swept_at is not null`.execute(db);
  },
});
