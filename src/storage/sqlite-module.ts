/** The part of the `node:sqlite` interface used here; two modules offer it. */
export interface SqliteStatement {
  all(...values: unknown[]): unknown[];
  run(...values: unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint };
}

export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): void;
  close(): void;
}

type DatabaseConstructor = new (path: string, options?: { readOnly?: boolean }) => SqliteDatabase;

/** Node 22.13 and later have SQLite built in; before that the same interface comes from a package. */
export async function loadSqlite(): Promise<DatabaseConstructor> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 13)) {
    const name = 'node:sqlite';
    return ((await import(name)) as { DatabaseSync: DatabaseConstructor }).DatabaseSync;
  }
  const { DatabaseSync } = await import('@photostructure/sqlite');
  return DatabaseSync as unknown as DatabaseConstructor;
}
