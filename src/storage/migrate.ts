import { type Kysely, Migrator, sql } from 'kysely';
import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Engine } from './engine.ts';
import { migrations } from './migrations/index.ts';
import type { Tables } from './schema.ts';

/**
 * Brings the schema up to this release in one transaction under a lock, so that replicas starting together do not
 * race and a start that is cut off leaves nothing half-made. A schema newer than this program refuses to start: an old program must not write into tables it does not know.
 */
export async function migrate(db: Kysely<Tables>, engine: Engine): Promise<Result<void>> {
  const known = migrations(engine);
  const newer = (await applied(db)).filter((name) => !(name in known));
  if (newer.length > 0) {
    return err(
      fault('unavailable', `The database was written by a newer release (${newer.join(', ')}).`, {
        fix: 'Start that release, or restore a backup made with this one.',
      }),
    );
  }
  const migrator = new Migrator({ db, provider: { getMigrations: async () => known } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return ok(undefined);
  const reason = error instanceof Error ? error.message : String(error);
  return err(fault('unavailable', `The database schema could not be brought up to date: ${reason}.`));
}

async function applied(db: Kysely<Tables>): Promise<string[]> {
  const present = (await db.introspection.getTables({ withInternalKyselyTables: true })).some(
    (table) => table.name === 'kysely_migration',
  );
  if (!present) return [];
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  return rows.map((row) => row.name);
}
