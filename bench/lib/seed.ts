import { join } from 'node:path';
import { sha256Hex } from '../../src/crypto/digest.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { SQLITE_FILE } from '../../src/storage/open.ts';
import { loadSqlite, type SqliteDatabase } from '../../src/storage/sqlite-module.ts';
import { nativeSpelling, randomTokenParts } from '../../src/tokens/token-string.ts';
import { mintServiceToken, newFolder, serve, setUp } from './tessera.ts';

export interface SeededStore {
  readonly folder: string;
  /** The first tokens that were stored, as many as were asked for. */
  readonly tokens: readonly string[];
}

export interface SeedOptions {
  readonly owners: number;
  readonly tokensPerOwner: number;
  /** How many of the tokens are wanted as text; they are of different owners as long as there are owners left. */
  readonly wanted: number;
}

type DatabaseRow = Record<string, unknown>;

/**
 * A data folder with many tokens. One is minted by the program; the others are copies of its rows with ids, secrets
 * and owners of their own, written straight into the tables, because minting a million takes an hour.
 */
export async function seedStore({ owners, tokensPerOwner, wanted }: SeedOptions): Promise<SeededStore> {
  const folder = await newFolder();
  const server = await serve(folder);
  const { id } = await mintServiceToken(server, await setUp(server), 'bot-seed');
  await server.stop();

  const Sqlite = await loadSqlite();
  const database = new Sqlite(join(folder, SQLITE_FILE));
  database.exec('pragma synchronous = off; begin');
  const only = (sql: string, value: string): DatabaseRow =>
    database.prepare(sql).all(value)[0] as DatabaseRow;
  const token = only('select * from tokens where id = ?', id);
  const owner = only('select * from principals where username = ?', 'bot-seed');

  const insertOwner = inserter(database, 'principals', owner);
  for (let at = 0; at < owners; at++)
    insertOwner({ username: `bot-seed-${at}`, username_lower: `bot-seed-${at}` });
  const insertToken = inserter(database, 'tokens', token);
  const tokens: string[] = [];
  for (let at = 0; at < owners * tokensPerOwner; at++) {
    const parts = randomTokenParts(systemRandom);
    insertToken({
      id: parts.id,
      secret_digest: sha256Hex(parts.secret),
      username: `bot-seed-${at % owners}`,
    });
    if (at < wanted) tokens.push(nativeSpelling(parts).reveal());
  }
  database.exec('commit; pragma wal_checkpoint(truncate); analyze');
  database.close();
  return { folder, tokens };
}

function inserter(database: SqliteDatabase, table: string, template: DatabaseRow) {
  const columns = Object.keys(template);
  const places = columns.map(() => '?').join(', ');
  const statement = database.prepare(`insert into ${table} (${columns.join(', ')}) values (${places})`);
  return (own: DatabaseRow): void => {
    const row = { ...template, ...own };
    statement.run(...columns.map((column) => row[column]));
  };
}
