import { type Kysely, type Migration, sql } from 'kysely';

/** Who a user is at an OpenID Connect provider. Never edited once released. */
export const identities = (engine: 'sqlite' | 'postgres'): Migration => ({
  async up(db: Kysely<unknown>): Promise<void> {
    const text = engine === 'postgres' ? sql`text collate "C"` : sql`text`;
    await db.schema.alterTable('principals').addColumn('issuer', text).execute();
    await db.schema.alterTable('principals').addColumn('subject', text).execute();
    await sql`create unique index principals_identity on principals (issuer, subject)
      where subject is not null`.execute(db);
  },
});
