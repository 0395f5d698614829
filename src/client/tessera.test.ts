import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Tessera, TesseraError } from './index.ts';

type Reply = readonly [status: number, body: unknown, headers?: Readonly<Record<string, string>>];
interface Asked {
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const TOKEN = 'tsr-canary';
let url: string;
let asked: Asked[];
let reply: (target: string) => Reply | null;
let close: () => void;

beforeEach(async () => {
  asked = [];
  reply = () => [200, {}];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    const target = `${request.method} ${request.url}`;
    asked.push({ target, headers: request.headers, body });
    const answer = reply(target);
    if (answer === null) return;
    const [status, content, headers = { 'content-type': 'application/json' }] = answer;
    response.writeHead(status, headers).end(typeof content === 'string' ? content : JSON.stringify(content));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  close = () => {
    server.close();
    server.closeAllConnections();
  };
});
afterEach(() => close());

async function failureOf(call: Promise<unknown>): Promise<TesseraError> {
  const failure: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(failure instanceof TesseraError)) throw new Error(`not a TesseraError: ${String(failure)}`);
  return failure;
}

test('a client is made with new and without', async () => {
  for (const tessera of [new Tessera({ url, token: TOKEN }), Tessera({ url, token: TOKEN })])
    await tessera.roles.list();
  expect(asked.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${TOKEN}`, `Bearer ${TOKEN}`]);
});

test('names go into the path as one segment, whatever they contain', async () => {
  await new Tessera({ url }).users.get('a/../b?c#d');
  expect(asked[0]?.target).toBe('GET /api/v1/users/a%2F..%2Fb%3Fc%23d');
});

test('iterating asks for a page only when the one before is used up', async () => {
  reply = (target) => [
    200,
    target.includes('cursor=b') ? { items: [3], next_cursor: null } : { items: [1, 2], next_cursor: 'b' },
  ];
  const seen: unknown[] = [];
  for await (const token of new Tessera({ url }).tokens.list({ user: '*', limit: 2 })) {
    seen.push(token);
    if (seen.length === 2) expect(asked).toHaveLength(1);
  }
  expect(seen).toEqual([1, 2, 3]);
  expect(asked.map(({ target }) => target)).toEqual([
    'GET /api/v1/tokens?user=*&limit=2',
    'GET /api/v1/tokens?user=*&limit=2&cursor=b',
  ]);
});

test('a problem document arrives with all its parts', async () => {
  reply = () => [
    403,
    {
      code: 'insufficient_scope',
      detail: 'Missing admin:token.',
      fix: 'Ask.',
      errors: [{ field: 'scopes[0]', message: 'unknown' }],
      required_scopes: ['admin:token'],
      request_id: 'r1',
    },
    { 'content-type': 'application/problem+json', 'retry-after': '7' },
  ];
  const failure = await failureOf(new Tessera({ url }).me());
  expect(failure).toMatchObject({
    code: 'insufficient_scope',
    status: 403,
    message: 'Missing admin:token.',
    fix: 'Ask.',
    fields: [{ field: 'scopes[0]', message: 'unknown' }],
    requiredScopes: ['admin:token'],
    requestId: 'r1',
    retryAfter: 7,
  });
});

test('an OAuth error has its code and description', async () => {
  reply = () => [400, { error: 'invalid_scope', error_description: 'Too much.' }];
  const failure = await failureOf(new Tessera({ url, token: TOKEN }).exchange());
  expect(failure).toMatchObject({ code: 'invalid_scope', message: 'Too much.', status: 400 });
});

test('an answer that is not from Tessera is called so', async () => {
  for (const status of [200, 404, 502]) {
    reply = () => [status, '<html>', { 'content-type': 'text/html' }];
    const failure = await failureOf(new Tessera({ url }).me());
    expect(failure).toMatchObject({ code: 'unexpected_answer', status });
    expect(failure.message).toContain(`${status} (text/html)`);
  }
});

test('a redirect is not followed, so the token goes nowhere else', async () => {
  reply = (target) =>
    target.endsWith('/me') ? [307, '', { location: `${url}/elsewhere` }] : [200, { stolen: true }];
  const failure = await failureOf(new Tessera({ url, token: TOKEN }).me());
  expect(failure.code).toBe('unexpected_answer');
  expect(asked).toHaveLength(1);
});

test('no answer is code unreachable with the cause in words', async () => {
  close();
  expect(await failureOf(new Tessera({ url }).me())).toMatchObject({
    code: 'unreachable',
    status: 0,
    message: `Cannot reach ${url}: nothing listens there.`,
  });
});

test('a server that keeps silent is given up after the time allowed', async () => {
  reply = () => null;
  const failure = await failureOf(new Tessera({ url, timeoutMs: 30 }).me());
  expect(failure).toMatchObject({ code: 'unreachable' });
  expect(failure.message).toContain('no answer within 0.03 s');
});

test('no error carries the token, not even one about the token', async () => {
  reply = () => [401, { code: 'invalid_token', detail: 'No.' }];
  const clients = [
    { url, token: TOKEN },
    { url: 'http://127.0.0.1:1', token: TOKEN },
    { url, token: `${TOKEN}\nsecond line` },
    { url, token: `${TOKEN} \u00e9` },
  ];
  for (const options of clients) {
    const failure = await failureOf(new Tessera(options).me());
    const everything = [failure.stack, JSON.stringify(failure), String(failure.cause)].join('\n');
    expect(everything).not.toContain('canary');
  }
});

test('an address with a user name, a query or no scheme is refused', () => {
  for (const bad of ['http://user:pass@host', 'host:8001', 'ftp://host', 'http://host?x=1'])
    expect(() => new Tessera({ url: bad }), bad).toThrow('url: must be an http or https address');
});

test('after signing in with a cookie the CSRF token goes with every change, and with no read', async () => {
  reply = () => [200, { username: 'alice', expires_at: null, csrf_token: 'csrf-1' }];
  const tessera = new Tessera({ url });
  await tessera.session.signIn({ username: 'alice', password: 'secret', delivery: 'cookie' });
  await tessera.tokens.get('x');
  await tessera.tokens.revoke('x');
  expect(asked.map(({ headers }) => headers['x-csrf-token'])).toEqual([undefined, undefined, 'csrf-1']);
});

test('an exchange sends the token in the form of RFC 8693', async () => {
  await new Tessera({ url, token: TOKEN }).exchange({ scopes: ['a:x', 'b:x'], audience: 'shop' });
  expect(Object.fromEntries(new URLSearchParams(asked[0]?.body))).toEqual({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: TOKEN,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    scope: 'a:x b:x',
    audience: 'shop',
  });
});

test('giving up on a call rejects with the reason given', async () => {
  reply = () => null;
  const reason = new Error('changed my mind');
  const impatient: typeof fetch = (input, init) => fetch(input, init);
  const tessera = new Tessera({ url, fetch: impatient, signal: AbortSignal.abort(reason) });
  await expect(tessera.me()).rejects.toBe(reason);
});
