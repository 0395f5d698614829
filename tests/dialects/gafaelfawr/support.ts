import { expect } from 'vitest';
import type { EngineName } from '../../support/database.ts';
import { type Answer, type CallOptions, startTestServer, type TestServer } from '../../support/server.ts';

/** The headers that clients of this surface read; the others are the hall's own. */
const READ = [
  'content-type',
  'cache-control',
  'www-authenticate',
  'x-error-status',
  'x-error-body',
  'location',
  'link',
  'x-total-count',
  'allow',
  'expires',
];

export interface Whole {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Everything a client of this surface sees of an answer. */
export function whole(answer: Answer): Whole {
  const headers: Record<string, string> = {};
  for (const name of READ) {
    const value = answer.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  return { status: answer.status, headers, body: answer.json ?? answer.text };
}

/** An answer of the API with its usual headers. */
export const json = (status: number, body: unknown, headers: Record<string, string> = {}): Whole => ({
  status,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  body,
});

export const errorOf = (answer: Answer): [number, string, unknown] => {
  const detail = Array.isArray(answer.json?.detail) ? answer.json.detail[0] : answer.json?.detail;
  return [answer.status, detail?.type, detail?.loc];
};

/** Validation errors as pairs of type and place. */
export const faultsOf = (answer: Answer): [string, string][] =>
  answer.json.detail.map((fault: { type: string; loc: (string | number)[] }) => [
    fault.type,
    fault.loc.join('.'),
  ]);

export const START = Date.UTC(2026, 7, 21, 12);
export const NOW = START / 1000;
export const DAY = 86_400;

export interface Surface extends TestServer {
  /** The moment the server takes for the present, in milliseconds. */
  now: number;
  readonly api: (method: string, path: string, options?: CallOptions) => Promise<Answer>;
  /** A user token made by the administrator, on whatever name. */
  userToken(username: string, scopes: string[], more?: Record<string, unknown>): Promise<string>;
}

export const SCOPES = 'read:image=Read images;read:tap=Run queries;exec:portal=Use the portal';

export async function startSurface(
  engine: EngineName = 'sqlite',
  environment: Record<string, string> = {},
): Promise<Surface> {
  const state = { now: START };
  const server = await startTestServer({
    engine,
    clock: () => state.now,
    environment: { TESSERA_SCOPES: SCOPES, ...environment },
  });
  const api: Surface['api'] = (method, path, options) => server.call(method, `/auth/api/v1${path}`, options);
  let names = 0;
  return {
    ...server,
    api,
    get now() {
      return state.now;
    },
    set now(moment) {
      state.now = moment;
    },
    async userToken(username, scopes, more = {}) {
      const made = await api('POST', '/tokens', {
        token: server.bootstrap,
        body: { username, token_type: 'user', token_name: `made ${names++}`, scopes, ...more },
      });
      expect(made.status, made.text).toBe(201);
      return made.json.token;
    },
  };
}

export const keyOf = (token: string): string => token.slice(3, 25);
