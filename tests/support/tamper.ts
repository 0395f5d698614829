import { join } from 'node:path';
import pg from 'pg';
import { loadSqlite } from '../../src/storage/sqlite-module.ts';
import type { TestDatabase } from './database.ts';

/** Somebody with the database but without the key. */
export async function tamper({ url, folder }: TestDatabase, statement: string): Promise<void> {
  if (url === null) {
    const Sqlite = await loadSqlite();
    const database = new Sqlite(join(folder, 'tessera.sqlite'));
    database.exec(statement);
    database.close();
    return;
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}
