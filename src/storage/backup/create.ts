import { open, rename, rm } from 'node:fs/promises';
import { type Kysely, sql } from 'kysely';
import { type Clock, seconds } from '../../base/clock.ts';
import { fault } from '../../base/fault.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { runningDigest } from '../../crypto/running-digest.ts';
import type { Engine } from '../engine.ts';
import type { Tables } from '../schema.ts';
import { sealedPlaces } from '../sealed-places.ts';
import { type BackupHeader, type BackupRow, rowLine } from './format.ts';
import { BACKUP_TABLES, type BackupTable } from './tables.ts';

const BATCH = 1000;

/**
 * Writes a consistent copy of the database: everything is read from one snapshot, while others go on writing. The
 * rows are read twice, first for the digest that stands in the header, so that none of them has to be held.
 * The file is readable for its owner only and appears whole or not at all; an existing one is not replaced.
 */
export async function createBackup(
  db: Kysely<Tables>,
  engine: Engine,
  file: string,
  clock: Clock,
): Promise<Result<BackupHeader>> {
  const part = `${file}.part`;
  try {
    const taken = await open(file, 'wx', 0o600);
    await taken.close();
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'EEXIST' ? 'it exists' : (error as Error).message;
    return err(fault('conflict', `${file} cannot be written: ${reason}.`, { fix: 'Choose another name.' }));
  }
  try {
    const header = await db.connection().execute((connection) =>
      snapshot(connection, engine, async () => {
        const tables = await presentTables(connection);
        const measured = await measure(connection, tables);
        const made: BackupHeader = {
          format: 'tessera-backup',
          version: 1,
          created_at: `${new Date(seconds(clock) * 1000).toISOString().slice(0, 19)}Z`,
          engine,
          migrations: await appliedMigrations(connection),
          key_ids: Object.keys(await sealedPlaces(connection).sealedByKey()).sort(),
          ...measured,
        };
        const handle = await open(part, 'w', 0o600);
        try {
          await handle.write(`${JSON.stringify(made)}\n`);
          for await (const lines of allLines(connection, tables)) await handle.write(lines);
          await handle.sync();
        } finally {
          await handle.close();
        }
        return made;
      }),
    );
    await rename(part, file);
    return ok(header);
  } catch (error) {
    await rm(part, { force: true });
    await rm(file, { force: true });
    throw error;
  }
}

/** Those there are: a database that this release has not been started with lacks the newest. */
async function presentTables(db: Kysely<Tables>): Promise<BackupTable[]> {
  const names = new Set((await db.introspection.getTables()).map((table) => table.name));
  return BACKUP_TABLES.filter(({ name }) => names.has(name));
}

/** Reads inside see one state of the database. On SQLite nobody is kept from writing meanwhile. */
async function snapshot<T>(db: Kysely<Tables>, engine: Engine, work: () => Promise<T>): Promise<T> {
  const begin = engine === 'postgres' ? 'begin isolation level repeatable read read only' : 'begin';
  await sql.raw(begin).execute(db);
  try {
    return await work();
  } finally {
    await sql.raw('rollback').execute(db);
  }
}

async function measure(
  db: Kysely<Tables>,
  tables: readonly BackupTable[],
): Promise<Pick<BackupHeader, 'rows' | 'digest'>> {
  const rows: Record<string, number> = {};
  const digest = runningDigest();
  for (const table of tables) {
    rows[table.name] = 0;
    for await (const batch of batches(db, table)) {
      rows[table.name] = (rows[table.name] ?? 0) + batch.length;
      digest.add(linesFor(table, batch));
    }
  }
  return { rows, digest: digest.hex() };
}

async function* allLines(db: Kysely<Tables>, tables: readonly BackupTable[]): AsyncGenerator<string> {
  for (const table of tables) for await (const batch of batches(db, table)) yield linesFor(table, batch);
}

const linesFor = (table: BackupTable, batch: readonly BackupRow[]): string =>
  batch.map((row) => rowLine(table.name, row)).join('');

async function* batches(db: Kysely<Tables>, { name, key }: BackupTable): AsyncGenerator<BackupRow[]> {
  const order = sql.join(key.map((column) => sql.ref(column)));
  let after: BackupRow | undefined;
  for (;;) {
    const last = after;
    const from =
      last === undefined
        ? sql``
        : sql`where (${order}) > (${sql.join(key.map((column) => sql.val(last[column])))})`;
    const { rows } = await sql<BackupRow>`select * from ${sql.table(name)} ${from}
      order by ${order} limit ${sql.lit(BATCH)}`.execute(db);
    if (rows.length > 0) yield rows;
    after = rows.at(-1);
    if (rows.length < BATCH) return;
  }
}

export async function appliedMigrations(db: Kysely<Tables>): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  return rows.map((row) => row.name);
}
