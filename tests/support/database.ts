import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { inject } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { type Database, openDatabase } from '../../src/storage/open.ts';

export type EngineName = 'sqlite' | 'postgres';
/** Every suite over storage runs on both. */
export const ENGINES: readonly EngineName[] = ['sqlite', 'postgres'];

export interface TestDatabase {
  readonly engine: EngineName;
  /** Always there: keys and the audit anchor live beside either engine. */
  readonly folder: string;
  readonly url: string | null;
  drop(): Promise<void>;
}

/** A fresh, empty database of the engine. */
export async function freshDatabase(engine: EngineName): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-test-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  if (engine === 'sqlite') return { engine, folder, url: null, drop: remove };

  const server = inject('postgresUrl');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await administer(server, `create database ${name}`);
  return {
    engine,
    folder,
    url: `${server}/${name}`,
    async drop() {
      await administer(server, `drop database if exists ${name} with (force)`);
      await remove();
    },
  };
}

/** Opens a fresh database and brings it to its newest form. */
export async function openMigrated({ engine, folder, url }: TestDatabase): Promise<Database> {
  const opened = await openDatabase(
    url === null ? { engine: 'sqlite', folder } : { engine: 'postgres', url: new Secret(url) },
  );
  if (!opened.ok) throw new Error(opened.error.message);
  const migrated = await migrate(opened.value.db, engine);
  if (!migrated.ok) throw new Error(migrated.error.message);
  return opened.value;
}

async function administer(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: `${server}/postgres` });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
