import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { inject } from 'vitest';
import { type App, createApp } from '../../src/app.ts';
import { type Clock, systemClock, systemWait } from '../../src/base/clock.ts';
import { Secret } from '../../src/base/secret.ts';
import { readSettings } from '../../src/config/settings.ts';
import { keyringOf, masterKey } from '../../src/crypto/keyring.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { makeSigningKey } from '../../src/crypto/signing.ts';
import { nativeSpelling, randomTokenParts } from '../../src/tokens/token-string.ts';
import { type EngineName, migratedDatabase, type TestDatabase } from './database.ts';
import { freePort } from './free-port.ts';

/** A real server on a real socket, with an administrator `admin` already made. */
export interface TestServer {
  readonly url: string;
  readonly app: App;
  readonly database: TestDatabase;
  /** Session token of the administrator. */
  readonly admin: string;
  /** The configured bootstrap token. */
  readonly bootstrap: string;
  /** Lines the server logged. */
  readonly logged: string[];
  /** One request; the body is sent as JSON unless it is text. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** Makes a user with a password and gives a session token. */
  user(username: string, roles?: string[]): Promise<string>;
  /** A second process over the same database, with its own memory. */
  replica(): Promise<TestServer>;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

export interface TestServerOptions {
  readonly engine?: EngineName;
  readonly clock?: Clock;
  readonly environment?: Readonly<Record<string, string>>;
  /** Any free one unless told. */
  readonly port?: number;
}

export const PASSWORD = 'correct horse battery staple';

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const database = await migratedDatabase(options.engine ?? 'sqlite');
  const bootstrap = nativeSpelling(randomTokenParts(systemRandom)).reveal();
  const server = await over(database, bootstrap, options, null);
  const made = await server.call('POST', '/api/v1/setup', {
    token: bootstrap,
    body: { username: 'admin', password: PASSWORD },
  });
  if (made.status !== 201) throw new Error(`setup answered ${made.status}: ${made.text}`);
  return { ...server, admin: made.json.token, close: closing(server, database) };
}

const closing = (server: TestServer, database: TestDatabase) => async (): Promise<void> => {
  await server.app.close();
  await database.drop();
};

/** As `npm run build` leaves it. */
const WEB_FOLDER = fileURLToPath(new URL('../../dist/web/', import.meta.url));
const KEY = masterKey(new Uint8Array(32).fill(7));

/**
 * The search for the primes of a key takes longer than all the rest of a start. So the first key of each database has
 * those of one made for the whole run, under a name of its own; each later one is new.
 */
function firstKeyOf(database: TestDatabase): typeof makeSigningKey {
  return async (kid) => {
    if (keyed.has(database)) return makeSigningKey(kid);
    keyed.add(database);
    const { publicJwk, privateKey } = inject('signingKey');
    return { kid, publicJwk: { ...publicJwk, kid }, privateKey: new Secret(privateKey) };
  };
}
const keyed = new WeakSet<TestDatabase>();

/** Starts the application over an existing database; `admin` is whatever token is handed in. */
export async function over(
  database: TestDatabase,
  bootstrap: string,
  options: TestServerOptions,
  admin: string | null,
): Promise<TestServer> {
  const port = options.port ?? (await freePort());
  const url = options.environment?.TESSERA_PUBLIC_URL ?? `http://127.0.0.1:${port}`;
  const settings = readSettings(
    { dataDir: database.folder, port: String(port) },
    {
      TESSERA_PUBLIC_URL: url,
      TESSERA_BOOTSTRAP_TOKEN: bootstrap,
      ...(database.url === null ? {} : { TESSERA_DATABASE_URL: database.url }),
      ...options.environment,
    },
  );
  if (!settings.ok) throw new Error(JSON.stringify(settings.error));
  const logged: string[] = [];
  const created = await createApp({
    settings: settings.value,
    keyring: keyringOf([KEY]),
    log: pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) }),
    version: 'test',
    webFolder: WEB_FOLDER,
    clock: options.clock ?? systemClock,
    newSigningKey: firstKeyOf(database),
    // Doubles are quicker than the systems they stand for.
    wait: (ms) => systemWait(ms / 10),
  });
  if (!created.ok) throw new Error(created.error.message);
  const app = created.value;
  const started = await app.start();
  if (!started.ok) throw new Error(started.error.message);
  await app.http.listen({ host: '127.0.0.1', port });
  const base = `http://127.0.0.1:${port}`;

  const call = async (
    method: string,
    path: string,
    { token, body, headers }: CallOptions = {},
  ): Promise<Answer> => {
    const response = await fetch(base + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined || body instanceof URLSearchParams
          ? {}
          : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : {
            body: typeof body === 'string' || body instanceof URLSearchParams ? body : JSON.stringify(body),
          }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: readJson(text) };
  };

  const server: TestServer = {
    url: base,
    app,
    database,
    admin: admin ?? '',
    bootstrap,
    logged,
    call,
    async user(username, roles = []) {
      const session = await call('POST', '/api/v1/sessions', {
        body: { username: 'admin', password: PASSWORD },
      });
      const made = await call('POST', '/api/v1/users', {
        token: session.json.token,
        body: { username, password: PASSWORD, roles },
      });
      if (made.status !== 201) throw new Error(`making ${username} answered ${made.status}: ${made.text}`);
      const signedIn = await call('POST', '/api/v1/sessions', { body: { username, password: PASSWORD } });
      return signedIn.json.token;
    },
    async replica() {
      const environment = { ...options.environment, TESSERA_PUBLIC_URL: url };
      const other = await over(
        database,
        bootstrap,
        { ...options, environment, port: await freePort() },
        admin,
      );
      return { ...other, close: () => other.app.close() };
    },
    close: () => app.close(),
  };
  return server;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
