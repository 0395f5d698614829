import { request } from 'node:http';
import { expect } from 'vitest';
import type { EngineName } from '../support/database.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

export type Headers = readonly (readonly [string, string])[];

export interface Reply {
  readonly status: number;
  /** As they came: names and order kept, repeated ones too; without those of the connection. */
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
  readonly text: string;
}

const OF_THE_CONNECTION = new Set([
  'date',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
]);

/** One request with exactly these headers, also repeated ones. */
export function ask(url: string, headers: Headers = [], method = 'GET', body?: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { hostname, port, pathname, search } = new URL(url);
    const call = request(
      {
        hostname,
        port,
        path: pathname + search,
        method,
        agent: false,
        setHost: false,
        headers: [
          ...headers.flat(),
          ...(headers.some(([name]) => name === 'Host') ? [] : ['Host', `${hostname}:${port}`]),
        ],
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => {
          const pairs: [string, string][] = [];
          const raw = response.rawHeaders;
          for (let at = 0; at < raw.length; at += 2) pairs.push([raw[at] as string, raw[at + 1] as string]);
          resolve({
            status: response.statusCode ?? 0,
            headers: pairs.filter(([name]) => !OF_THE_CONNECTION.has(name.toLowerCase())),
            text,
            json: readJson(text),
          });
        });
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const headerOf = (reply: Reply, name: string): string | undefined =>
  reply.headers.find(([candidate]) => candidate.toLowerCase() === name.toLowerCase())?.[1];

export const bearer = (token: string): [string, string] => ['Authorization', `Bearer ${token}`];

export const GUARDED: Headers = [
  ['X-Original-URL', 'https://example.com/some/page?q=1'],
  ['X-Original-Method', 'GET'],
];

const JSON_TYPE = ['Content-Type', 'application/json'] as const;

/** What lets a request pass: `{"status":"ok"}` and these headers in this order. */
export const passed = (...headers: [string, string][]) => ({
  status: 200,
  headers: [JSON_TYPE, ...headers],
  body: { status: 'ok' },
});

interface Refusal {
  /** Status on the wire, and the one carried when that is another. */
  readonly status: number;
  readonly carried?: number;
  readonly type: string;
  readonly challenge?: string;
  readonly more?: [string, string][];
}

/** A refusal with its list of one, challenge and carrier headers. The sentence is free. */
export function refused(reply: Reply, { status, carried, type, challenge, more = [] }: Refusal) {
  const msg = expect.stringMatching(/^[\x20-\x7e]+$/);
  const body = { detail: [{ msg, type }] };
  const said = reply.json?.detail?.[0]?.msg;
  return {
    status,
    headers: [
      JSON_TYPE,
      ['Cache-Control', 'no-cache, no-store'],
      ...(challenge === undefined ? [] : [['WWW-Authenticate', challenge.replace('TEXT', said)]]),
      ['X-Error-Status', String(carried ?? status)],
      ['X-Error-Body', JSON.stringify({ detail: [{ msg: said, type }] })],
      ...more,
    ],
    body,
  };
}

/** A refusal whose detail is one object, without carrier headers. */
export const bareRefusal = (status: number, msg: string, type: string, challenge: string) => ({
  status,
  headers: [JSON_TYPE, ['Cache-Control', 'no-cache, no-store'], ['WWW-Authenticate', challenge]],
  body: { detail: { msg, type } },
});

export const seen = ({ status, headers, json, text }: Reply) => ({ status, headers, body: json ?? text });

export const START = Date.UTC(2026, 7, 21, 12, 0, 10);

export interface Guarded extends TestServer {
  /** The moment the server takes for the present, in milliseconds. */
  now: number;
  /** Asks the guard about a request with these headers besides those every proxy sends. */
  guard(query: string, headers?: Headers): Promise<Reply>;
  userToken(username: string, scopes: string[], more?: Record<string, unknown>): Promise<string>;
}

export async function startGuarded(
  engine: EngineName = 'sqlite',
  environment: Record<string, string> = {},
): Promise<Guarded> {
  const state = { now: START };
  const server = await startTestServer({
    engine,
    clock: () => state.now,
    environment: {
      TESSERA_PUBLIC_URL: 'https://example.com',
      TESSERA_SCOPES: 'read:image=Images;read:tap=Queries;exec:portal=Portal',
      ...environment,
    },
  });
  let names = 0;
  return {
    ...server,
    get now() {
      return state.now;
    },
    set now(moment) {
      state.now = moment;
    },
    guard: (query, headers = []) => ask(`${server.url}/ingress/auth?${query}`, [...GUARDED, ...headers]),
    async userToken(username, scopes, more = {}) {
      const made = await server.call('POST', '/auth/api/v1/tokens', {
        token: server.bootstrap,
        body: { username, token_type: 'user', token_name: `made ${names++}`, scopes, ...more },
      });
      expect(made.status, made.text).toBe(201);
      return made.json.token;
    },
  };
}
