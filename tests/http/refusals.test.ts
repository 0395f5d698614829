import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { dottedSpelling, nativeSpelling, randomTokenParts } from '../../src/tokens/token-string.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

/** Every route of our own API, tried by everybody who may not, with everything that is not a request. */
interface Route {
  readonly method: string;
  readonly path: string;
  readonly body?: Record<string, unknown>;
  /** Needs a right beyond being signed in. */
  readonly needs?: 'user:token' | 'admin:token' | 'read:audit';
}

const ID = 'aaaaaaaaaaaaaaaaaaaaaa';
const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/api/v1/me' },
  { method: 'GET', path: '/api/v1/tokens', needs: 'user:token' },
  { method: 'POST', path: '/api/v1/tokens', body: { name: 'x' }, needs: 'user:token' },
  {
    method: 'POST',
    path: '/api/v1/service-tokens',
    body: { username: 'bot-x', scopes: [] },
    needs: 'admin:token',
  },
  { method: 'GET', path: `/api/v1/tokens/${ID}` },
  { method: 'PATCH', path: `/api/v1/tokens/${ID}`, body: { name: 'y' }, needs: 'admin:token' },
  { method: 'DELETE', path: `/api/v1/tokens/${ID}` },
  { method: 'GET', path: `/api/v1/tokens/${ID}/history` },
  { method: 'GET', path: '/api/v1/users', needs: 'admin:token' },
  { method: 'POST', path: '/api/v1/users', body: { username: 'zoe' }, needs: 'admin:token' },
  { method: 'GET', path: '/api/v1/users/admin', needs: 'admin:token' },
  { method: 'PATCH', path: '/api/v1/users/admin', body: { disabled: true }, needs: 'admin:token' },
  { method: 'DELETE', path: '/api/v1/users/admin', needs: 'admin:token' },
  {
    method: 'PUT',
    path: '/api/v1/users/admin/password',
    body: { password: 'another long one' },
    needs: 'admin:token',
  },
  { method: 'PUT', path: '/api/v1/users/admin/roles/admin', needs: 'admin:token' },
  { method: 'DELETE', path: '/api/v1/users/admin/roles/admin', needs: 'admin:token' },
  { method: 'GET', path: '/api/v1/roles' },
  { method: 'POST', path: '/api/v1/roles', body: { name: 'r', scopes: [] }, needs: 'admin:token' },
  { method: 'PATCH', path: '/api/v1/roles/r', body: { scopes: [] }, needs: 'admin:token' },
  { method: 'DELETE', path: '/api/v1/roles/r', needs: 'admin:token' },
  { method: 'GET', path: '/api/v1/roles/admin/users', needs: 'admin:token' },
  { method: 'GET', path: '/api/v1/scopes' },
  { method: 'POST', path: '/api/v1/scopes', body: { name: 's', description: 'd' }, needs: 'admin:token' },
  { method: 'DELETE', path: '/api/v1/scopes/s', needs: 'admin:token' },
  { method: 'GET', path: '/api/v1/audit', needs: 'read:audit' },
  { method: 'POST', path: '/api/v1/audit/verify', needs: 'read:audit' },
  { method: 'POST', path: '/api/v1/signing-keys/rotate', needs: 'admin:token' },
  { method: 'DELETE', path: '/api/v1/sessions/current' },
];
const named = ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const);
const withBody = named.filter(([, route]) => route.body !== undefined);

let server: TestServer;
let now = systemClock();
const tokens: Record<string, string> = {};

beforeAll(async () => {
  server = await startTestServer({ clock: () => now });
  const alice = await server.user('alice');
  const mint = async (body: Record<string, unknown>, as = alice) => {
    const made = await server.call('POST', '/api/v1/tokens', { token: as, body });
    expect(made.status, made.text).toBe(201);
    return made.json as { token: string; details: { id: string } };
  };
  const good = await mint({ name: 'good' });
  const [id = ''] = [good.details.id];
  tokens.weak = (await mint({ name: 'weak', scopes: [] })).token;
  const revoked = await mint({ name: 'revoked' });
  await server.call('DELETE', `/api/v1/tokens/${revoked.details.id}`, { token: alice });
  tokens.revoked = revoked.token;
  tokens.truncated = good.token.slice(0, -3);
  tokens.unknown = nativeSpelling(randomTokenParts(systemRandom)).reveal();
  tokens.wrongSecret = nativeSpelling({ id, secret: 'a'.repeat(22) }).reveal();
  tokens.wrongSecretDotted = dottedSpelling({ id, secret: 'a'.repeat(22) }).reveal();
  tokens.junk = 'hello';
  tokens.jwt = 'eyJhbGciOiJub25lIn0.eyJ0aWQiOiJ4In0.';
  const short = await mint({ name: 'short', expires_in: '5m' });
  now += 6 * 60_000;
  tokens.expired = short.token;
});
afterAll(() => server.close());

async function refusal(route: Route, headers: Record<string, string>) {
  const { method, path, body } = route;
  return server.call(method, path, { headers, ...(body === undefined ? {} : { body }) });
}

describe.each(named)('%s', (_name, route) => {
  test('without a credential: 401 with a challenge and the fix', async () => {
    const answer = await refusal(route, {});
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="127.0.0.1"');
    expect(answer.json).toMatchObject({ code: 'no_credential', status: 401 });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  test.each(['junk', 'truncated', 'unknown', 'wrongSecret', 'wrongSecretDotted', 'jwt'])(
    'with a token nobody can prove (%s): the same 401 for all',
    async (kind) => {
      const answer = await refusal(route, { authorization: `Bearer ${tokens[kind]}` });
      expect(answer.status).toBe(401);
      const { request_id, ...body } = answer.json;
      expect(body).toEqual({
        type: 'urn:tessera:problem:invalid_token',
        title: 'The token is not valid',
        status: 401,
        code: 'invalid_token',
        detail: 'Token is not valid.',
      });
      expect(answer.text).not.toContain(tokens[kind]);
    },
  );

  test.each([
    ['expired', 'token_expired'],
    ['revoked', 'token_revoked'],
  ])('with a dead token of its own holder (%s): 401 that says why', async (kind, code) => {
    const answer = await refusal(route, { authorization: `Bearer ${tokens[kind]}` });
    expect(answer.status).toBe(401);
    expect(answer.json).toMatchObject({ code });
    expect(answer.json.fix).toBeDefined();
  });

  test.each(['Bearer', 'Negotiate abc', 'Basic !!!', 'Basic YTpiOmM='])(
    'with a malformed header (%s): 400',
    async (header) => {
      const answer = await refusal(route, { authorization: header });
      expect(answer.json).toMatchObject({ status: 400, code: 'malformed_authorization' });
    },
  );
});

describe.each(named.filter(([, route]) => route.needs !== undefined))('%s', (_name, route) => {
  test('with too few scopes: 403 that names the scope', async () => {
    const answer = await refusal(route, { authorization: `Bearer ${tokens.weak}` });
    expect(answer.status, answer.text).toBe(403);
    expect(answer.json.code).toBe('insufficient_scope');
    expect(answer.json.required_scopes).toContain(route.needs);
    expect(answer.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
  });
});

describe.each(withBody)('%s', (_name, route) => {
  const send = (body: string, contentType = 'application/json') =>
    server.call(route.method, route.path, {
      token: server.admin,
      body,
      headers: { 'content-type': contentType },
    });

  test.each(['{', '[1', '', '"text"', 'null', '[]', '42'])(
    'with a body that is no object (%s): 400',
    async (body) => {
      const answer = await send(body);
      expect(answer.status).toBe(400);
      expect(['invalid_json', 'invalid_request']).toContain(answer.json.code);
    },
  );

  test('with a field that does not exist: 400 naming it', async () => {
    const answer = await send(JSON.stringify({ ...route.body, colour: 'red' }));
    expect(answer.json).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(answer.text).toContain('colour');
  });

  test('with a key that stands twice: 400 naming it', async () => {
    const [key] = Object.keys(route.body ?? {});
    const answer = await send(`{"${key}":"a","${key}":"b"}`);
    expect(answer.json).toMatchObject({ status: 400, code: 'duplicate_key' });
    expect(answer.json.detail).toContain(key);
  });

  test('with values of the wrong type: 400 naming the field', async () => {
    const wrong = Object.fromEntries(Object.keys(route.body ?? {}).map((key) => [key, { nested: 1 }]));
    const answer = await send(JSON.stringify(wrong));
    expect(answer.json).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(answer.json.errors.map((one: { field: string }) => one.field).sort()).toEqual(
      Object.keys(wrong).sort(),
    );
  });

  test('with a body beyond the limit: 413', async () => {
    const answer = await send(JSON.stringify({ ...route.body, name: 'x'.repeat(70_000) }));
    expect(answer.json).toMatchObject({ status: 413, code: 'body_too_large' });
  });

  test.each([
    'application/x-www-form-urlencoded',
    'application/x-www-form-urlencoded; charset=utf-8',
    'multipart/form-data; boundary=x',
    'text/plain',
  ])('as a page could send it without asking (%s): 415', async (contentType) => {
    const form = new URLSearchParams(
      Object.entries(route.body ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
    );
    for (const body of [form.toString(), 'a=1&a=2', JSON.stringify(route.body)])
      expect((await send(body, contentType)).json).toMatchObject({
        status: 415,
        code: 'unsupported_media_type',
      });
  });
});

test('none of these refusals changed anything', async () => {
  const users = await server.call('GET', '/api/v1/users', { token: server.admin });
  expect(users.json.items.map((user: { username: string }) => user.username).sort()).toEqual([
    'admin',
    'alice',
  ]);
  const me = await server.call('GET', '/api/v1/me', { token: server.admin });
  expect(me.json.roles).toEqual(['admin', 'user']);
  const roles = await server.call('GET', '/api/v1/roles', { token: server.admin });
  expect(roles.json.items.map((role: { name: string }) => role.name)).toEqual(['admin', 'user']);
});

test('an unknown address and a wrong method say so', async () => {
  expect((await server.call('GET', '/api/v1/nothing')).json).toMatchObject({
    status: 404,
    code: 'not_found',
  });
  const wrong = await server.call('PUT', '/api/v1/tokens', { token: server.admin });
  expect(wrong.json).toMatchObject({ status: 405, code: 'method_not_allowed' });
  expect(wrong.headers.get('allow')).toBe('GET, POST');
});

test('what belongs to somebody else is refused without being touched', async () => {
  const bob = await server.user('bob');
  const made = await server.call('POST', '/api/v1/tokens', { token: server.admin, body: { name: 'mine' } });
  const path = `/api/v1/tokens/${made.json.details.id}`;
  for (const [method, at] of [
    ['GET', path],
    ['DELETE', path],
    ['GET', `${path}/history`],
  ] as const) {
    const answer = await server.call(method, at, { token: bob });
    expect(answer.json).toMatchObject({
      status: 403,
      code: 'insufficient_scope',
      required_scopes: ['admin:token'],
    });
  }
  const still = await server.call('GET', path, { token: server.admin });
  expect(still.json.state).toBe('active');
});
