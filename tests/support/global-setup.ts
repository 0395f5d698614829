import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JWK } from 'jose';
import type { TestProject } from 'vitest/node';
import { makeSigningKey } from '../../src/crypto/signing.ts';
import { makeMigrated } from './migrated.ts';
import { startPostgres } from './postgres.ts';

/** What is made once for the whole run: one real PostgreSQL, in which every test makes a database of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startPostgres();
  project.provide('postgresUrl', postgres.url);
  const migratedFolder = await mkdtemp(join(tmpdir(), 'tessera-migrated-'));
  await makeMigrated(migratedFolder, postgres.url);
  project.provide('migratedFolder', migratedFolder);
  const { publicJwk, privateKey } = await makeSigningKey('');
  project.provide('signingKey', { publicJwk, privateKey: privateKey.reveal() });
  return async () => {
    await postgres.stop();
    await rm(migratedFolder, { recursive: true, force: true });
  };
}

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string;
    /** Of an SQLite database with every table and no row. */
    migratedFolder: string;
    /** See `firstKeyOf` in server.ts. */
    signingKey: { readonly publicJwk: JWK; readonly privateKey: string };
  }
}
