import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import type { Database } from '../../src/storage/open.ts';
import { administer, MIGRATED, opened } from './migrated.ts';

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
export const freshDatabase = (engine: EngineName): Promise<TestDatabase> => make(engine, false);

/** A fresh database that has every table and no row. */
export const migratedDatabase = (engine: EngineName): Promise<TestDatabase> => make(engine, true);

async function make(engine: EngineName, migrated: boolean): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-test-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  if (engine === 'sqlite') {
    if (migrated) await cp(inject('migratedFolder'), folder, { recursive: true });
    return { engine, folder, url: null, drop: remove };
  }
  const server = inject('postgresUrl');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await administer(server, `create database ${name} template ${migrated ? MIGRATED : 'template1'}`);
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

/** Opens a database and brings it to its newest form. */
export const openMigrated = ({ folder, url }: TestDatabase): Promise<Database> =>
  opened(url === null ? { engine: 'sqlite', folder } : { engine: 'postgres', url: new Secret(url) });
