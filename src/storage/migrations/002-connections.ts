import { type Kysely, type Migration, sql } from 'kysely';

/** Connections with their sealed credentials, and the events they raise. Never edited once released. */
export const connections = (engine: 'sqlite' | 'postgres'): Migration => ({
  async up(db: Kysely<unknown>): Promise<void> {
    // Byte order on both engines, so that lists agree.
    const text = engine === 'postgres' ? sql`text collate "C"` : sql`text`;
    const number = engine === 'postgres' ? sql`bigint` : sql`integer`;
    const counter = engine === 'postgres' ? sql`bigserial` : sql`integer`;

    await db.schema
      .createTable('connections')
      .addColumn('id', text, (c) => c.primaryKey())
      .addColumn('name', text, (c) => c.notNull().unique())
      .addColumn('kind', text, (c) => c.notNull())
      .addColumn('origin', text, (c) => c.notNull())
      .addColumn('trust', text, (c) => c.notNull())
      .addColumn('pinned_at', number)
      .addColumn('method', text)
      .addColumn('identity', text)
      .addColumn('upstream_id', text)
      .addColumn('sealed_secret', text)
      .addColumn('secret_version', number)
      .addColumn('fallback_method', text)
      .addColumn('fallback_identity', text)
      .addColumn('sealed_fallback', text)
      .addColumn('fallback_version', number)
      .addColumn('fallback_enabled', number, (c) => c.notNull())
      .addColumn('versions_used', number, (c) => c.notNull())
      .addColumn('expires_at', number)
      .addColumn('refused_at', number)
      .addColumn('refusal', text)
      .addColumn('fallback_refused_at', number)
      .addColumn('fell_back_at', number)
      .addColumn('warned_days', number)
      .addColumn('last_test', text)
      .addColumn('revision', number, (c) => c.notNull())
      .addColumn('created_at', number, (c) => c.notNull())
      .addColumn('created_by', text, (c) => c.notNull())
      .addColumn('updated_at', number, (c) => c.notNull())
      .addColumn('updated_by', text, (c) => c.notNull())
      .execute();

    // No foreign key: what a deleted connection went through stays in the books.
    await db.schema
      .createTable('connection_events')
      .addColumn('id', counter, (c) =>
        engine === 'sqlite' ? c.primaryKey().autoIncrement() : c.primaryKey(),
      )
      .addColumn('at', number, (c) => c.notNull())
      .addColumn('kind', text, (c) => c.notNull())
      .addColumn('connection_id', text, (c) => c.notNull())
      .addColumn('connection_name', text, (c) => c.notNull())
      .addColumn('code', text, (c) => c.notNull())
      .addColumn('sentence', text, (c) => c.notNull())
      .addColumn('fix', text, (c) => c.notNull())
      .addColumn('acknowledged_at', number)
      .addColumn('acknowledged_by', text)
      .addColumn('delivered_at', number)
      .addColumn('attempts', number, (c) => c.notNull())
      .addColumn('next_attempt_ms', number)
      .execute();
    await sql`create index connection_events_of on connection_events (connection_id, id)`.execute(db);
    await sql`create index connection_events_due on connection_events (next_attempt_ms)
      where next_attempt_ms is not null`.execute(db);
  },
});
