import pg from 'pg';
import { Secret } from '../../src/base/secret.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { type Database, type DatabaseLocation, openDatabase } from '../../src/storage/open.ts';

/** The database on the test server that is copied where one in its newest form is wanted. */
export const MIGRATED = 'migrated';

/** Makes a database of each engine in its newest form: to copy it is quicker than to make every table again. */
export async function makeMigrated(folder: string, postgresUrl: string): Promise<void> {
  await administer(postgresUrl, `create database ${MIGRATED}`);
  const locations: DatabaseLocation[] = [
    { engine: 'sqlite', folder },
    { engine: 'postgres', url: new Secret(`${postgresUrl}/${MIGRATED}`) },
  ];
  for (const location of locations) await (await opened(location)).close();
}

/** Opens a database and brings it to its newest form. */
export async function opened(location: DatabaseLocation): Promise<Database> {
  const database = await openDatabase(location);
  if (!database.ok) throw new Error(database.error.message);
  const migrated = await migrate(database.value.db, location.engine);
  if (!migrated.ok) throw new Error(migrated.error.message);
  return database.value;
}

export async function administer(postgresUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: `${postgresUrl}/postgres` });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
