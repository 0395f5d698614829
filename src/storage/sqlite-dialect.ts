import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { FileSync } from './file-sync.ts';
import type { SqliteDatabase, SqliteStatement } from './sqlite-module.ts';
import { patiently, takingTurns } from './sqlite-patience.ts';

const STATEMENTS_KEPT = 500;

/**
 * Kysely over two SQLite connections: one writes, taken in turn, and one reads what is committed, which in WAL mode
 * waits for nobody. Statements are kept by their text, which halves the cost of a query. While another process
 * holds the write lock we wait without blocking the event loop, which SQLite's own busy handler would. For the same
 * reason we wait for the disk ourselves: a write is done when the log is on it, and SQLite is told not to see to that.
 */
export function sqliteDialect(writer: SqliteDatabase, reader: SqliteDatabase, log: FileSync): Dialect {
  return {
    createAdapter: () => new TransactionalDdl(),
    createDriver: () => sqliteDriver(writer, reader, log),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/** SQLite undoes a half-made schema like anything else, so all migrations of a start are one transaction. */
class TransactionalDdl extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** What Kysely takes for one query or one transaction; `done` is there while it has the turn to write. */
interface Session extends DatabaseConnection {
  done: (() => void) | null;
}

const READS = /^\s*(select|pragma)\b/i;
const GIVES_ROWS = /^\s*(select|with|pragma)\b|\breturning\b/i;

function sqliteDriver(writer: SqliteDatabase, reader: SqliteDatabase, log: FileSync): Driver {
  const onWriter = runner(writer);
  const onReader = runner(reader);
  const turn = takingTurns();
  let queue: Promise<void> = Promise.resolve();

  async function myTurn(): Promise<() => void> {
    const before = queue;
    let done: () => void = () => {};
    queue = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    return done;
  }

  async function alone<R>(sql: string, parameters: readonly unknown[]): Promise<QueryResult<R>> {
    const done = await myTurn();
    try {
      const result = await patiently(() => onWriter<R>(sql, parameters));
      await log.sync();
      return result;
    } finally {
      done();
    }
  }

  const end = (session: Session): void => {
    session.done?.();
    session.done = null;
  };

  return {
    async init() {},

    async acquireConnection(): Promise<Session> {
      const session: Session = {
        done: null,
        async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
          const others = turn();
          if (others !== undefined) await others;
          if (session.done !== null) return onWriter(sql, parameters);
          return READS.test(sql) ? patiently(() => onReader<R>(sql, parameters)) : alone(sql, parameters);
        },
        // biome-ignore lint/correctness/useYield: the interface asks for a stream; nothing here reads one
        async *streamQuery() {
          throw new Error('Streaming is not offered on SQLite.');
        },
      };
      return session;
    },

    async releaseConnection(connection) {
      end(connection as Session);
    },

    async beginTransaction(connection) {
      const done = await myTurn();
      try {
        await patiently(() => writer.exec('begin immediate'));
      } catch (error) {
        done();
        throw error;
      }
      (connection as Session).done = done;
    },

    async commitTransaction() {
      writer.exec('commit');
      await log.sync();
    },

    async rollbackTransaction() {
      try {
        writer.exec('rollback');
      } catch (error) {
        // A full disk makes SQLite undo everything by itself; what failed first is what should be told.
        if (!/no transaction is active/.test(String(error))) throw error;
      }
    },

    async destroy() {
      await log.close();
      reader.close();
      writer.close();
    },
  };
}

function runner(database: SqliteDatabase) {
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

  return <R>(sql: string, parameters: readonly unknown[]): QueryResult<R> => {
    const statement = prepare(sql);
    if (GIVES_ROWS.test(sql)) return { rows: statement.all(...parameters) as R[] };
    const { changes } = statement.run(...parameters);
    return { rows: [], numAffectedRows: BigInt(changes) };
  };
}
