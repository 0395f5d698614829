import type { JWK } from 'jose';
import type { TestProject } from 'vitest/node';
import { makeSigningKey } from '../../src/crypto/signing.ts';
import { startPostgres } from './postgres.ts';

/** What is made once for the whole run: one real PostgreSQL, in which every test makes a database of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startPostgres();
  project.provide('postgresUrl', postgres.url);
  const { publicJwk, privateKey } = await makeSigningKey('');
  project.provide('signingKey', { publicJwk, privateKey: privateKey.reveal() });
  return () => postgres.stop();
}

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string;
    /** See `firstKeyOf` in server.ts. */
    signingKey: { readonly publicJwk: JWK; readonly privateKey: string };
  }
}
