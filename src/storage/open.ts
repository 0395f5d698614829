import { join } from 'node:path';
import { Kysely, PostgresDialect } from 'kysely';
import type { Client } from 'pg';
import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import type { Engine } from './engine.ts';
import { createFileSync } from './file-sync.ts';
import type { Tables } from './schema.ts';
import { sqliteDialect } from './sqlite-dialect.ts';
import { loadSqlite, type SqliteDatabase } from './sqlite-module.ts';
import { patiently } from './sqlite-patience.ts';

export interface Database {
  readonly engine: Engine;
  readonly db: Kysely<Tables>;
  /** A connection of its own for following the change feed. */
  readonly feedSource: FeedSource;
  close(): Promise<void>;
}

export type FeedSource =
  | { readonly engine: 'sqlite'; readonly database: SqliteDatabase }
  | { readonly engine: 'postgres'; connect(): Client };

export type DatabaseLocation =
  | { readonly engine: 'sqlite'; readonly folder: string }
  | { readonly engine: 'postgres'; readonly url: Secret };

export const SQLITE_FILE = 'tessera.sqlite';
const PG_BIGINT = 20;

export async function openDatabase(location: DatabaseLocation): Promise<Result<Database>> {
  return location.engine === 'sqlite' ? openSqlite(location.folder) : openPostgres(location.url);
}

async function openSqlite(folder: string): Promise<Result<Database>> {
  const Sqlite = await loadSqlite();
  const path = join(folder, SQLITE_FILE);
  const opened: SqliteDatabase[] = [];
  const connect = (pragmas: string): Promise<SqliteDatabase> => {
    const database = new Sqlite(path);
    opened.push(database);
    // Several processes may be at a new file at once, and only one of them can make it what it should be.
    return patiently(() => {
      database.exec(pragmas);
      return database;
    });
  };
  try {
    // An acknowledged mint or revocation survives the power cut, not only the crash: the dialect waits for the log to
    // be on the disk. NORMAL leaves SQLite the checkpoints, where it alone knows the order.
    const writer =
      await connect(`pragma busy_timeout = 0; pragma journal_mode = wal; pragma synchronous = normal;
      pragma foreign_keys = on; pragma journal_size_limit = 67108864;`);
    const reader = await connect('pragma busy_timeout = 0; pragma query_only = on;');
    const follower = await connect('pragma query_only = on; pragma busy_timeout = 1000;');
    const db = new Kysely<Tables>({ dialect: sqliteDialect(writer, reader, createFileSync(`${path}-wal`)) });
    return ok({
      engine: 'sqlite',
      db,
      feedSource: { engine: 'sqlite', database: follower },
      async close() {
        follower.close();
        await db.destroy();
      },
    });
  } catch (error) {
    for (const database of opened) database.close();
    const reason = error instanceof Error ? error.message : String(error);
    return err(
      fault('unavailable', `The database ${path} cannot be opened: ${reason}.`, {
        fix: 'Check the folder given with --data-dir and who may write to it.',
      }),
    );
  }
}

async function openPostgres(url: Secret): Promise<Result<Database>> {
  // Read only where it is used: a start on SQLite need not wait for it.
  const { default: pg } = await import('pg');
  pg.types.setTypeParser(PG_BIGINT, Number);
  const settings = {
    connectionString: url.reveal(),
    application_name: 'tessera',
    connectionTimeoutMillis: 5_000,
  };
  const pool = new pg.Pool({ ...settings, max: 10, statement_timeout: 30_000 });
  // An idle connection that breaks is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => {});
  try {
    await pool.query('select 1');
  } catch (error) {
    await pool.end();
    const reason = error instanceof Error ? error.message : String(error);
    return err(
      fault('unavailable', `PostgreSQL cannot be reached: ${reason}.`, {
        fix: 'Check TESSERA_DATABASE_URL.',
      }),
    );
  }
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return ok({
    engine: 'postgres',
    db,
    feedSource: { engine: 'postgres', connect: () => new pg.Client({ ...settings, query_timeout: 2_000 }) },
    close: () => db.destroy(),
  });
}
