import { request } from 'node:http';
import { DAY } from '../../../src/base/clock.ts';
import type { TestServer } from '../../support/server.ts';

/** Requests with exactly the headers that the command line sends, each on a connection of its own. */
export interface OsmoAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

const COMMON = {
  'User-Agent': 'osmo-cli/6.4.0',
  'Accept-Encoding': 'gzip, deflate',
  Accept: '*/*',
  Connection: 'close',
};

export function send(
  base: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<OsmoAnswer> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    // The path goes out as it stands: a URL object would tidy it up.
    const message = request({ hostname, port, method, path, agent: false, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) });
      });
    });
    message.on('error', reject);
    message.end(body);
  });
}

/** One call of the API, as after a login. */
export function api(
  server: Pick<TestServer, 'url'>,
  login: string | null,
  method: string,
  path: string,
  body?: unknown,
  more: Readonly<Record<string, string>> = {},
): Promise<OsmoAnswer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers: Record<string, string> = {
    ...COMMON,
    'Content-Type': 'application/json',
    'x-osmo-client-version': '6.4.0',
    ...(login === null ? {} : { Authorization: `Bearer ${login}` }),
    ...more,
  };
  if (method !== 'GET') headers['Content-Length'] = String(Buffer.byteLength(text ?? ''));
  return send(server.url, method, path, headers, text);
}

/** `osmo login URL --method=token --token=T`: the one request it makes. */
export function exchange(
  server: Pick<TestServer, 'url'>,
  token: unknown,
  more: Readonly<Record<string, string>> = {},
): Promise<OsmoAnswer> {
  const body = JSON.stringify({ token });
  return send(
    server.url,
    'POST',
    '/api/auth/jwt/access_token',
    {
      ...COMMON,
      'Content-Type': 'application/json',
      'Content-Length': String(Buffer.byteLength(body)),
      ...more,
    },
    body,
  );
}

/** The JWT that a login with the token leaves behind. */
export async function login(server: Pick<TestServer, 'url'>, token: string): Promise<string> {
  const answer = await exchange(server, token);
  if (answer.status !== 200) throw new Error(`the login answered ${answer.status}: ${answer.text}`);
  return answer.json.token;
}

// biome-ignore lint/suspicious/noExplicitAny: claims of every shape
export const claimsOf = (jwt: string): any =>
  JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'));

export const warningOf = (answer: OsmoAnswer): string | null => {
  const header = answer.headers['x-osmo-warning'];
  return typeof header === 'string' ? Buffer.from(header, 'base64').toString('utf8') : null;
};

/** `YYYY-MM-DD`, so many days after the moment (epoch milliseconds), in UTC. */
export const dayAfter = (days: number, nowMs: number): string =>
  new Date(nowMs + days * DAY * 1000).toISOString().slice(0, 10);

export const refusal = (message: unknown) => ({ message, error_code: 'USER', workflow_id: null });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
