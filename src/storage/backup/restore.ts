import { type Kysely, Migrator, sql } from 'kysely';
import { fault } from '../../base/fault.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Engine } from '../engine.ts';
import { migrate } from '../migrate.ts';
import { migrations } from '../migrations/index.ts';
import type { Tables } from '../schema.ts';
import { type BackupHeader, type BackupRow, rowsOf } from './format.ts';
import { BACKUP_TABLES } from './tables.ts';

export interface Restored {
  readonly rows: Readonly<Record<string, number>>;
}

const BATCH = 200;

/**
 * Puts a backup that was verified before into an empty database of either engine, all of it or nothing. The tables
 * are made as they were when it was written and brought up to date afterwards.
 */
export async function restoreBackup(
  db: Kysely<Tables>,
  engine: Engine,
  file: string,
  header: BackupHeader,
): Promise<Result<Restored>> {
  const known = migrations(engine);
  const last = header.migrations.at(-1);
  const foreign = header.migrations.filter((name) => !(name in known));
  if (last === undefined || foreign.length > 0)
    return err(
      fault(
        'invalid_request',
        `The backup was written by another release (${foreign.join(', ') || 'no schema'}).`,
        {
          fix: 'Restore it with that release.',
        },
      ),
    );
  const full = await occupied(db);
  if (full !== null)
    return err(
      fault(
        'conflict',
        `The database is not empty: ${full} has rows. A backup is restored into an empty one only.`,
        {
          fix: 'Name another data folder or database.',
        },
      ),
    );
  const migrator = new Migrator({ db, provider: { getMigrations: async () => known } });
  const { error } = await migrator.migrateTo(last);
  if (error !== undefined)
    return err(fault('unavailable', `The tables could not be made: ${(error as Error).message}.`));

  const rows: Record<string, number> = {};
  await db.transaction().execute(async (trx) => {
    await insertAll(trx, file, rows);
    await adopt(trx, file);
    if (engine === 'postgres') await moveCounters(trx);
  });
  const upToDate = await migrate(db, engine);
  return upToDate.ok ? ok({ rows }) : upToDate;
}

/** A table that has rows already, or null. */
async function occupied(db: Kysely<Tables>): Promise<string | null> {
  const present = new Set((await db.introspection.getTables()).map((table) => table.name));
  for (const { name } of BACKUP_TABLES) {
    if (!present.has(name)) continue;
    const { rows } = await sql`select 1 from ${sql.table(name)} limit 1`.execute(db);
    if (rows.length > 0) return name;
  }
  return null;
}

async function insertAll(db: Kysely<Tables>, file: string, counts: Record<string, number>): Promise<void> {
  const allowed = new Set<string>(BACKUP_TABLES.map(({ name }) => name));
  let batch: BackupRow[] = [];
  let current = '';
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await insert(db, current, batch);
    counts[current] = (counts[current] ?? 0) + batch.length;
    batch = [];
  };
  for await (const { table, row } of rowsOf(file)) {
    if (!allowed.has(table)) throw new Error(`unknown table ${table}`);
    if (table !== current || batch.length === BATCH) {
      if (current !== '') await flush();
      current = table;
    }
    // A parent may stand further down.
    batch.push(table === 'tokens' ? { ...row, parent_id: null } : row);
  }
  if (current !== '') await flush();
}

async function insert(db: Kysely<Tables>, table: string, rows: readonly BackupRow[]): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const columns = Object.keys(first);
  const values = rows.map((row) => sql`(${sql.join(columns.map((column) => sql.val(row[column] ?? null)))})`);
  await sql`insert into ${sql.table(table)} (${sql.join(columns.map((column) => sql.ref(column)))})
    values ${sql.join(values)}`.execute(db);
}

/** Children find their parents again, now that all of them are there. */
async function adopt(db: Kysely<Tables>, file: string): Promise<void> {
  for await (const { table, row } of rowsOf(file)) {
    if (table !== 'tokens' || typeof row.parent_id !== 'string') continue;
    await sql`update tokens set parent_id = ${row.parent_id} where id = ${row.id}`.execute(db);
  }
}

async function moveCounters(db: Kysely<Tables>): Promise<void> {
  for (const { name, counter } of BACKUP_TABLES) {
    if (counter === undefined) continue;
    await sql`select setval(pg_get_serial_sequence(${name}, ${counter}),
      greatest((select coalesce(max(${sql.ref(counter)}), 0) from ${sql.table(name)}), 1))`.execute(db);
  }
}
