import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SESSION_COOKIE } from '../../../src/http/credential.ts';
import { errorOf, json, keyOf, type Surface, startSurface, whole } from './support.ts';

let at: Surface;
let token: string;
let session: string;
beforeAll(async () => {
  at = await startSurface();
  token = await at.userToken('some-user', ['user:token']);
  session = await at.user('sally');
});
afterAll(() => at.close());

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const NO_STORE = { 'cache-control': 'no-cache, no-store' };
const ask = (authorization: string) => at.api('GET', '/token-info', { headers: { authorization } });

test('without a credential the challenge is bare and the detail is one object', async () => {
  expect(whole(await at.api('GET', '/token-info'))).toEqual(
    json(
      401,
      { detail: { msg: 'Authentication required', type: 'no_authorization' } },
      { ...NO_STORE, 'www-authenticate': 'Bearer realm="127.0.0.1"' },
    ),
  );
});

test('a bad token is told so in challenge, body and carrier headers', async () => {
  const answer = whole(await ask('Bearer nonsense'));
  const { msg } = (answer.body as { detail: [{ msg: string }] }).detail[0];
  const body = { detail: [{ msg, type: 'invalid_token' }] };
  expect(answer).toEqual(
    json(401, body, {
      ...NO_STORE,
      'www-authenticate': `Bearer realm="127.0.0.1", error="invalid_token", error_description="${msg}"`,
      'x-error-status': '401',
      'x-error-body': JSON.stringify(body),
    }),
  );
});

test('a malformed header is 403 and carries 400', async () => {
  const answer = whole(await ask('Digest x'));
  const { msg } = (answer.body as { detail: [{ msg: string }] }).detail[0];
  const body = { detail: [{ msg, type: 'invalid_request' }] };
  expect(answer).toEqual(
    json(403, body, {
      ...NO_STORE,
      'www-authenticate': `Bearer realm="127.0.0.1", error="invalid_request", error_description="${msg}"`,
      'x-error-status': '400',
      'x-error-body': JSON.stringify(body),
    }),
  );
});

describe('an Authorization header of', () => {
  test.each<[string, (token: string) => string, number, string]>([
    ['a bearer in lower case', (t) => `bearer ${t}`, 200, ''],
    ['a bearer after many blanks', (t) => `BEARER    ${t}`, 200, ''],
    ['a Basic name', (t) => basic(`${t}:x-oauth-basic`), 200, ''],
    ['a Basic password', (t) => basic(`x-oauth-basic:${t}`), 200, ''],
    ['a Basic name without a password', (t) => basic(`${t}:`), 200, ''],
    ['the same token twice in Basic', (t) => basic(`${t}:${t}`), 200, ''],
    [
      'two different tokens in Basic',
      (t) => basic(`${t}:gt-${'a'.repeat(22)}.${'b'.repeat(22)}`),
      403,
      'invalid_request',
    ],
    ['Basic that is not base64', () => 'Basic !!!', 403, 'invalid_request'],
    ['Basic without a colon', (t) => basic(t), 403, 'invalid_request'],
    ['Basic with two colons', (t) => basic(`${t}:a:b`), 403, 'invalid_request'],
    ['Basic without a token', () => basic('name:password'), 401, 'no_authorization'],
    ['a scheme alone', () => 'Bearer', 403, 'invalid_request'],
    ['another scheme', (t) => `Token ${t}`, 403, 'invalid_request'],
    ['a wrong secret', (t) => `Bearer ${t.slice(0, 26)}${'a'.repeat(22)}`, 401, 'invalid_token'],
    ['an unknown key', () => `Bearer gt-${'a'.repeat(22)}.${'b'.repeat(22)}`, 401, 'invalid_token'],
  ])('%s', async (_, header, status, type) => {
    const answer = await ask(header(token));
    expect(answer.status, answer.text).toBe(status);
    if (status !== 200) expect(errorOf(answer)[1]).toBe(type);
  });
});

test('a cookie wins over a header; what is no session in it is passed over', async () => {
  const both = await at.api('GET', '/token-info', {
    token,
    headers: { cookie: `a=b; ${SESSION_COOKIE}=${session}` },
  });
  expect(both.json.username).toBe('sally');
  const junk = await at.api('GET', '/token-info', {
    token,
    headers: { cookie: `${SESSION_COOKIE}=junk; gafaelfawr=x` },
  });
  expect(junk.json.username).toBe('some-user');
});

test('the bootstrap token is good for few routes and is an invalid token on all others', async () => {
  const as = { token: at.bootstrap };
  expect((await at.api('GET', '/history/token-changes', as)).status).toBe(200);
  expect((await at.api('PUT', '/quota-overrides', { ...as, body: {} })).status).toBe(200);
  expect((await at.api('DELETE', '/quota-overrides', as)).status).toBe(204);
  const routes: [string, string][] = [
    ['GET', '/token-info'],
    ['GET', '/user-info'],
    ['GET', '/quota-overrides'],
    ['GET', '/users'],
    ['GET', '/users/some-user/tokens'],
    ['GET', '/users/some-user/token-change-history'],
    ['DELETE', `/users/some-user/tokens/${keyOf(token)}`],
  ];
  for (const [method, path] of routes) {
    expect(errorOf(await at.api(method, path, as)), path).toEqual([401, 'invalid_token', undefined]);
  }
  const guarded = { 'X-Original-URL': 'https://example.com/', 'X-Original-Method': 'GET' };
  expect((await at.call('GET', '/ingress/auth', { ...as, headers: guarded })).status).toBe(401);
});

describe('a browser session', () => {
  const cookie = () => ({ cookie: `${SESSION_COOKIE}=${session}` });

  test('reads what its page needs; a header is not looked at there', async () => {
    const login = await at.api('GET', '/login', { headers: cookie() });
    expect(login.status).toBe(200);
    expect(login.json).toMatchObject({
      csrf: expect.stringMatching(/^.{20,}$/),
      username: 'sally',
      scopes: ['user:token'],
    });
    expect(Object.keys(login.json).sort()).toEqual(['config', 'csrf', 'scopes', 'username']);
    const { scopes } = login.json.config;
    expect(scopes).toContainEqual({ name: 'read:tap', description: 'Run queries' });
    const names = scopes.map((scope: { name: string }) => scope.name);
    expect(names).toEqual([...names].sort());
    expect(errorOf(await at.api('GET', '/login', { token }))).toEqual([401, 'no_authorization', undefined]);
  });

  test('needs the CSRF token for every change, and a header never does', async () => {
    const { json: page } = await at.api('GET', '/login', { headers: cookie() });
    const wish = { body: { token_name: 'from a page' } };
    for (const headers of [cookie(), { ...cookie(), 'x-csrf-token': 'guess' }]) {
      expect(errorOf(await at.api('POST', '/users/sally/tokens', { ...wish, headers }))).toEqual([
        403,
        'invalid_csrf',
        ['header', 'X-CSRF-Token'],
      ]);
    }
    const made = await at.api('POST', '/users/sally/tokens', {
      ...wish,
      headers: { ...cookie(), 'x-csrf-token': page.csrf },
    });
    expect(made.status).toBe(201);
    expect(
      (await at.api('POST', '/users/sally/tokens', { token: session, body: { token_name: 'x' } })).status,
    ).toBe(201);
  });

  test('shows itself as a token of its own type', async () => {
    const info = await at.api('GET', '/token-info', { headers: cookie() });
    expect(info.json).toMatchObject({ username: 'sally', token_type: 'session', scopes: ['user:token'] });
    expect(info.json).not.toHaveProperty('token_name');
    const history = await at.api('GET', '/users/sally/token-change-history', { headers: cookie() });
    expect(history.json.at(-1)).toMatchObject({
      token_type: 'session',
      scopes: ['user:token'],
      action: 'create',
    });
  });
});

describe('/login and /logout', () => {
  const HOST = '127.0.0.1';
  test('signing in leads to the page for it, and knows where to return to', async () => {
    const back = `http://${HOST}:8443/page?a=b&c=d`;
    const to = `${at.url}/sign-in?${new URLSearchParams({ rd: back })}`;
    const byQuery = await at.call('GET', `/login?${new URLSearchParams({ rd: back })}`);
    expect([byQuery.status, byQuery.headers.get('location')]).toEqual([307, to]);
    const byHeader = await at.call('GET', '/login', { headers: { 'x-auth-request-redirect': back } });
    expect([byHeader.status, byHeader.headers.get('location')]).toEqual([307, to]);
  });

  test.each([
    'https://evil.example.com/',
    `javascript://${HOST}/%0aalert(1)`,
    '/relative',
    `http://${HOST}.evil.test/`,
    '',
  ])('nobody is led to %j', async (rd) => {
    for (const path of ['/login', '/logout']) {
      const answer = await at.call('GET', `${path}?${new URLSearchParams({ rd })}`);
      expect(errorOf(answer)).toEqual([422, 'invalid_return_url', ['query', 'rd']]);
      expect(answer.json.detail[0].msg).toBe(`URL is not at ${HOST}`);
    }
  });

  test('signing in without an address to return to is refused', async () => {
    expect(errorOf(await at.call('GET', '/login'))).toEqual([422, 'invalid_return_url', ['query', 'rd']]);
  });

  test('signing out revokes the session: a copy of the cookie is worth nothing', async () => {
    const leaving = await at.user('leo');
    const headers = { cookie: `${SESSION_COOKIE}=${leaving}` };
    const child = await at.call('GET', '/ingress/auth?notebook=true', {
      headers: { ...headers, 'X-Original-URL': 'https://example.com/', 'X-Original-Method': 'GET' },
    });
    expect((await at.api('GET', '/token-info', { headers })).status).toBe(200);
    const out = await at.call('GET', `/logout?rd=http://${HOST}/bye`, { headers });
    expect([out.status, out.headers.get('location')]).toEqual([307, `http://${HOST}/bye`]);
    expect(out.headers.getSetCookie()).toEqual([
      `${SESSION_COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0`,
      'gafaelfawr=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0',
    ]);
    expect((await at.api('GET', '/token-info', { headers })).status).toBe(401);
    const orphan = child.headers.get('x-auth-request-token') ?? '';
    expect((await at.api('GET', '/token-info', { token: orphan })).status).toBe(401);
  });

  test('signing out without a session leads on all the same, to the front page unless told', async () => {
    const out = await at.call('GET', '/logout', { token });
    expect([out.status, out.headers.get('location')]).toEqual([307, `${at.url}/`]);
    expect((await at.api('GET', '/token-info', { token })).status).toBe(200);
  });
});

test('discovery tells clients where the API is', async () => {
  const found = await at.call('GET', '/discovery');
  expect(found.status).toBe(200);
  expect(found.json).toEqual({
    services: {
      internal: {
        gafaelfawr: { url: `${at.url}/auth`, versions: { v1: { url: `${at.url}/auth/api/v1` } } },
      },
    },
  });
});

test('every route stands in the OpenAPI document with its fields', async () => {
  const { json: document } = await at.call('GET', '/openapi.json');
  const expected: Record<string, string[]> = {
    '/auth/api/v1/tokens': ['post'],
    '/auth/api/v1/users/{username}/tokens': ['get', 'post'],
    '/auth/api/v1/users/{username}/tokens/{key}': ['delete', 'get', 'patch'],
    '/auth/api/v1/users/{username}/tokens/{key}/change-history': ['get'],
    '/auth/api/v1/users/{username}/token-change-history': ['get'],
    '/auth/api/v1/history/token-changes': ['get'],
    '/auth/api/v1/token-info': ['get'],
    '/auth/api/v1/user-info': ['get'],
    '/auth/api/v1/users': ['get'],
    '/auth/api/v1/groups': ['get'],
    '/auth/api/v1/users/{username}': ['get'],
    '/auth/api/v1/login': ['get'],
    '/auth/api/v1/quota-overrides': ['delete', 'get', 'put'],
    '/auth/gms': ['get'],
    '/login': ['get'],
    '/logout': ['get'],
    '/discovery': ['get'],
  };
  for (const [path, methods] of Object.entries(expected)) {
    expect(Object.keys(document.paths[path] ?? {}).sort(), path).toEqual(methods);
  }
  const { schema } = document.paths['/auth/api/v1/tokens'].post.requestBody.content['application/json'];
  expect(schema.required).toEqual(['username', 'token_type']);
  expect(schema.properties.groups).toBeDefined();
  for (const [from, to] of [
    ['/auth/openapi.json', '/openapi.json'],
    ['/auth/docs', '/docs'],
  ]) {
    expect((await at.call('GET', from ?? '')).headers.get('location')).toBe(to);
  }
});
