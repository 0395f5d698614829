import type { TestProject } from 'vitest/node';
import { startPostgres } from './postgres.ts';

/** One real PostgreSQL for the whole run; every test that wants it makes a database of its own in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startPostgres();
  project.provide('postgresUrl', postgres.url);
  return () => postgres.stop();
}

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string;
  }
}
