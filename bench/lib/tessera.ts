import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemRandom } from '../../src/crypto/random.ts';
import { nativeSpelling, randomTokenParts } from '../../src/tokens/token-string.ts';
import type { LoadRequest } from './load.ts';
import { freePort, OBSERVER, PROGRAM, type ServerProcess, startNode } from './processes.ts';

const PASSWORD = 'correct horse battery staple';
export const SCOPE = 'write:sasquatch';

export interface ServeOptions {
  readonly workers?: number;
  readonly databaseUrl?: string;
  /** Load the observer, and let it collect garbage before it measures memory. */
  readonly observed?: boolean;
}

/** Starts the program on a folder, as a person does. */
export async function serve(folder: string, options: ServeOptions = {}): Promise<ServerProcess> {
  const port = await freePort();
  const node = options.observed ? ['--expose-gc', '--import', OBSERVER] : [];
  const flags = ['--data-dir', folder, '--port', String(port), '--workers', String(options.workers ?? 1)];
  return startNode([...node, PROGRAM, 'serve', ...flags], port, {
    TESSERA_BOOTSTRAP_TOKEN: BOOTSTRAP,
    ...(options.databaseUrl === undefined ? {} : { TESSERA_DATABASE_URL: options.databaseUrl }),
  });
}

const BOOTSTRAP = nativeSpelling(randomTokenParts(systemRandom)).reveal();

export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-bench-'));
  folders.push(folder);
  return folder;
}

const folders: string[] = [];

export async function removeFolders(): Promise<void> {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
}

/** Makes the first administrator and gives a session token. */
export async function setUp(server: ServerProcess): Promise<string> {
  const made = await post(server, '/api/v1/setup', BOOTSTRAP, { username: 'admin', password: PASSWORD });
  return String(made.token);
}

export interface NewToken {
  readonly id: string;
  readonly token: string;
}

export async function mintServiceToken(
  server: Pick<ServerProcess, 'url'>,
  admin: string,
  username = 'bot-metrics',
): Promise<NewToken> {
  const made = await post(server, '/api/v1/service-tokens', admin, { username, scopes: [SCOPE] });
  return { token: String(made.token), id: String((made.details as { id: string }).id) };
}

export async function post(
  server: Pick<ServerProcess, 'url'>,
  path: string,
  token: string,
  body: unknown,
): Promise<Record<string, unknown>> {
  const answer = await fetch(server.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

/** What nginx sends for a write to the guarded service. */
export const guardHeaders = (token: string): Record<string, string> => ({
  Authorization: `bearer ${token}`,
  'X-Original-URL': 'https://metrics.example.org/kafka/topics/lsst.example',
  'X-Original-Method': 'POST',
});

export const GUARD_PATH = `/ingress/auth?scope=${SCOPE}`;

export const guardCheck = (
  server: ServerProcess,
  token: string,
  expect: LoadRequest['expect'] = 'success',
  more = '',
): LoadRequest => ({ url: server.url + GUARD_PATH + more, headers: guardHeaders(token), expect });

/** One request outside any measurement, to see that the answer is the one meant. */
export async function probe(request: LoadRequest): Promise<Response> {
  const answer = await fetch(request.url, { headers: request.headers });
  if (answer.ok !== (request.expect === 'success')) {
    throw new Error(`${request.url} answered ${answer.status}: ${await answer.text()}`);
  }
  return answer;
}
