import { setTimeout as sleep } from 'node:timers/promises';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { SqliteDatabase, SqliteStatement } from './sqlite-module.ts';

const BUSY_PATIENCE_MS = 5_000;
const STATEMENTS_KEPT = 500;

/**
 * Kysely over one SQLite connection. Statements are kept by their text, which halves the cost of a query. A
 * transaction takes the write lock at once; while another process holds it we wait without blocking the event
 * loop, which SQLite's own busy handler would.
 */
export function sqliteDialect(database: SqliteDatabase): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => sqliteDriver(database),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

function sqliteDriver(database: SqliteDatabase): Driver {
  const connection = sqliteConnection(database);
  let queue: Promise<void> = Promise.resolve();
  let release: (() => void) | null = null;

  const exec = (sql: string) => connection.executeQuery(CompiledQuery.raw(sql));

  return {
    async init() {},

    async acquireConnection() {
      const before = queue;
      let free: () => void = () => {};
      queue = new Promise((resolve) => {
        free = resolve;
      });
      await before;
      release = free;
      return connection;
    },

    async releaseConnection() {
      release?.();
    },

    async beginTransaction() {
      const deadline = Date.now() + BUSY_PATIENCE_MS;
      for (let pause = 1; ; pause = Math.min(pause * 2, 16)) {
        try {
          await exec('begin immediate');
          return;
        } catch (error) {
          if (!isBusy(error) || Date.now() > deadline) throw error;
          await sleep(pause * (0.5 + Math.random()));
        }
      }
    },
    async commitTransaction() {
      await exec('commit');
    },
    async rollbackTransaction() {
      await exec('rollback');
    },
    async destroy() {
      database.close();
    },
  };
}

function sqliteConnection(database: SqliteDatabase): DatabaseConnection {
  const statements = new Map<string, SqliteStatement>();
  const prepare = (sql: string): SqliteStatement => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql);
      if (statements.size >= STATEMENTS_KEPT) statements.clear();
      statements.set(sql, statement);
    }
    return statement;
  };

  return {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      const statement = prepare(sql);
      if (/^\s*(select|with|pragma)\b|\breturning\b/i.test(sql)) {
        return { rows: statement.all(...parameters) as R[] };
      }
      const { changes } = statement.run(...parameters);
      return { rows: [], numAffectedRows: BigInt(changes) };
    },
    // biome-ignore lint/correctness/useYield: the interface asks for a stream; nothing here reads one
    async *streamQuery() {
      throw new Error('Streaming is not offered on SQLite.');
    },
  };
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error &&
  /database is locked|SQLITE_BUSY/i.test(`${error.message} ${(error as { code?: string }).code}`);
