import { type Kysely, type Migration, sql } from 'kysely';

/** Jobs: long work with steps and undo, and the machine each of them made. Never edited once released. */
export const jobs = (engine: 'sqlite' | 'postgres'): Migration => ({
  async up(db: Kysely<unknown>): Promise<void> {
    // Byte order on both engines, so that lists agree.
    const text = engine === 'postgres' ? sql`text collate "C"` : sql`text`;
    const number = engine === 'postgres' ? sql`bigint` : sql`integer`;

    await db.schema
      .createTable('jobs')
      .addColumn('id', text, (c) => c.primaryKey())
      .addColumn('owner', text, (c) => c.notNull())
      .addColumn('connection_id', text, (c) => c.notNull())
      .addColumn('connection_name', text, (c) => c.notNull())
      .addColumn('name', text, (c) => c.notNull())
      .addColumn('state', text, (c) => c.notNull())
      .addColumn('wish', text, (c) => c.notNull())
      .addColumn('progress', text, (c) => c.notNull())
      .addColumn('idempotency_key', text)
      .addColumn('cancel_requested', number, (c) => c.notNull())
      .addColumn('lease_holder', text)
      .addColumn('lease_until_ms', number, (c) => c.notNull())
      .addColumn('created_at', number, (c) => c.notNull())
      .addColumn('updated_at', number, (c) => c.notNull())
      .addColumn('ended_at', number)
      .addColumn('gone_at', number)
      .addUniqueConstraint('jobs_idempotency', ['owner', 'idempotency_key'])
      .execute();
    await db.schema.createIndex('jobs_ended').on('jobs').columns(['ended_at', 'lease_until_ms']).execute();
  },
});
