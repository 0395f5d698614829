import { type Kysely, type Migration, sql } from 'kysely';

/** Most rows are calls and have no subject; they need no place in its index. Never edited once released. */
export const auditBySubject = (): Migration => ({
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.dropIndex('audit_subject').execute();
    await sql`create index audit_subject on audit (subject, seq) where subject is not null`.execute(db);
  },
});
