import { type Kysely, type Migration, sql } from 'kysely';

/** Finds the calls of one route without reading the whole trail. Never edited once released. */
export const auditByRoute = (): Migration => ({
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`create index audit_route on audit (route, seq) where route is not null`.execute(db);
  },
});
