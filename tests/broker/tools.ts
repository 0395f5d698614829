import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { initTls } from '../../src/local/tls/folder.ts';
import { freePort } from '../support/free-port.ts';
import { PROGRAM } from '../support/process.ts';
import { broker, later } from './support.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program from start to end, with nothing of our environment but the path. */
export const run = (
  program: string,
  args: readonly string[],
  env: Record<string, string>,
  { stdin = '', cwd }: { stdin?: string; cwd?: string } = {},
): Promise<Ran> =>
  new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { env: { PATH: process.env.PATH, ...env }, timeout: 50_000, ...(cwd === undefined ? {} : { cwd }) },
      (error, stdout, stderr) =>
        resolve({
          code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1,
          stdout,
          stderr,
        }),
    );
    // A program that does not read it may be gone already.
    child.stdin?.on('error', () => {}).end(stdin);
  });

/** A server that speaks TLS under an authority of its own, as tools have to reach it. */
export async function secureBroker() {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-clients-'));
  later({ close: () => rm(folder, { recursive: true }) });
  const { files } = await initTls(folder, ['localhost', '127.0.0.1', 'pve.localhost'], new Date());
  const caFile = files.authority;
  const securePort = await freePort();
  const server = await broker({
    environment: {
      TESSERA_TLS_CERT_FILE: files.certificate,
      TESSERA_TLS_KEY_FILE: files.key,
      TESSERA_TLS_PORT: String(securePort),
    },
  });
  const { secureServer } = server.app;
  if (secureServer === null) throw new Error('there is no TLS port');
  await new Promise<void>((resolve) => secureServer.listen(securePort, '127.0.0.1', resolve));
  /** What the command line reads to be the administrator of this server, over TLS. */
  const administrator = {
    HOME: '/nonexistent',
    NODE_EXTRA_CA_CERTS: caFile,
    TESSERA_URL: `https://localhost:${securePort}`,
    TESSERA_TOKEN: server.admin,
  };
  return {
    server,
    folder,
    caFile,
    ca: await readFile(caFile, 'utf8'),
    securePort,
    administrator,
    /** What the built program prints, asked over TLS as a person would. */
    async snippet(route: string, tool: string): Promise<string> {
      const args = [PROGRAM, 'route', 'snippet', route, '--for', tool, '--ca', caFile];
      const printed = await run(process.execPath, args, administrator);
      expect([printed.code, printed.stderr]).toEqual([0, '']);
      return printed.stdout;
    },
  };
}
