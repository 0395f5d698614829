import { type Kysely, type Migration, sql } from 'kysely';

/** Routes: guarded and brokered systems as callers reach them. Never edited once released. */
export const routes = (engine: 'sqlite' | 'postgres'): Migration => ({
  async up(db: Kysely<unknown>): Promise<void> {
    // Byte order on both engines, so that lists agree.
    const text = engine === 'postgres' ? sql`text collate "C"` : sql`text`;
    const number = engine === 'postgres' ? sql`bigint` : sql`integer`;

    await db.schema
      .createTable('routes')
      .addColumn('id', text, (c) => c.primaryKey())
      .addColumn('name', text, (c) => c.notNull().unique())
      .addColumn('connection_id', text)
      .addColumn('origin', text)
      .addColumn('trust', text)
      .addColumn('kind', text, (c) => c.notNull())
      .addColumn('host', text, (c) => c.unique())
      .addColumn('port', number, (c) => c.unique())
      .addColumn('by_path', number, (c) => c.notNull())
      .addColumn('rules', text, (c) => c.notNull())
      .addColumn('presets', text)
      .addColumn('pass_headers', text, (c) => c.notNull())
      .addColumn('max_concurrent', number, (c) => c.notNull())
      .addColumn('first_byte_ms', number, (c) => c.notNull())
      .addColumn('idle_ms', number, (c) => c.notNull())
      .addColumn('created_at', number, (c) => c.notNull())
      .addColumn('created_by', text, (c) => c.notNull())
      .addColumn('updated_at', number, (c) => c.notNull())
      .addColumn('updated_by', text, (c) => c.notNull())
      .execute();
  },
});
