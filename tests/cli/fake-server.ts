import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Me, Token } from '../../src/client/index.ts';

export interface Seen {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown;
}

export interface FakeServer {
  readonly url: string;
  readonly seen: Seen[];
  /** Requests as `METHOD target`. */
  lines(): string[];
  /** What to answer to `METHOD /path`; the query plays no part. */
  on(route: string, answer: Answer | ((seen: Seen) => Answer)): void;
  close(): Promise<void>;
}

/** Speaks HTTP as Tessera does and knows nothing: each test says what is answered. */
export async function startFake(): Promise<FakeServer> {
  const routes = new Map<string, (seen: Seen) => Answer>();
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const here: Seen = {
      method: request.method ?? '',
      target: request.url ?? '',
      authorization: request.headers.authorization,
      body: await text(request),
    };
    seen.push(here);
    const route = routes.get(`${here.method} ${here.target.split('?')[0]}`);
    const { status = 200, headers = {}, body } = route?.(here) ?? problem(404, 'not_found', 'Nothing here.');
    const json = typeof body !== 'string';
    response.writeHead(status, { 'content-type': json ? 'application/json' : 'text/html', ...headers });
    response.end(body === undefined ? undefined : json ? JSON.stringify(body) : body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    lines: () => seen.map(({ method, target }) => `${method} ${target}`),
    on: (route, answer) => routes.set(route, typeof answer === 'function' ? answer : () => answer),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function text(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

export const problem = (status: number, code: string, detail: string, more: object = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: { type: 'about:blank', title: code, status, code, detail, request_id: 'req-1', ...more },
});

export const aToken = (more: Partial<Token> = {}): Token => ({
  id: 'AAAAAAAAAAAAAAAAAAAAAA',
  username: 'alice',
  type: 'user',
  state: 'active',
  name: 'ci',
  description: '',
  roles: null,
  scopes: null,
  service: null,
  parent: null,
  created_at: '2026-11-01T10:00:00Z',
  created_by: 'alice',
  expires_at: '2026-12-23T00:00:00Z',
  revoked_at: null,
  revoked_by: null,
  last_used_at: null,
  last_used_address: null,
  last_used_on: null,
  ...more,
});

export const me = (token: Token | null = aToken()): Me => ({
  username: 'alice',
  kind: 'user',
  scopes: ['user:token'],
  roles: ['user'],
  token,
  user: null,
  csrf_token: null,
});

export const SESSION = {
  username: 'alice',
  expires_at: '2026-12-23T00:00:00Z',
  token: 'tsr-session-canary',
};
