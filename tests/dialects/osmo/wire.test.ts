import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { api, dayAfter, login, refusal, send } from './client.ts';

let server: TestServer;
let admin: string;

beforeAll(async () => {
  server = await startTestServer();
  admin = await login(server, server.admin);
});
afterAll(() => server.close());

describe('what its client asks for besides tokens', () => {
  test.each([
    ['GET', '/api/workflow?order=DESC&all_pools=True&limit=20&offset=0'],
    ['POST', '/api/pool/default/workflow'],
    ['GET', '/api/pool'],
    ['GET', '/api/pool_quota?all_pools=True'],
    ['GET', '/api/resources?all_pools=True'],
    ['GET', '/api/task'],
    ['GET', '/api/app'],
    ['GET', '/api/bucket'],
    ['GET', '/api/credentials'],
    ['GET', '/api/configs/role'],
    ['DELETE', '/api/configs/role/osmo-user'],
    ['GET', '/api/profile'],
    ['GET', '/api/auth'],
    ['GET', '/api/auth/jwt/refresh_token?workflow_id=w&group_name=g&task_name=t&retry_id=0'],
    ['POST', '/api/auth/access_token/user/name'],
  ])('%s %s is a 404 in the form of the protocol', async (method, path) => {
    const answer = await api(server, admin, method, path);
    expect([answer.status, answer.json]).toEqual([404, refusal(expect.any(String))]);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
  });

  test.each([
    ['POST', '/api/auth/access_token', 'GET'],
    ['PUT', '/api/auth/access_token/name', 'POST, DELETE'],
  ])('%s %s is a 405 that names the methods there are', async (method, path, allow) => {
    const answer = await api(server, admin, method, path);
    expect([answer.status, answer.json]).toEqual([405, refusal('Method Not Allowed')]);
    expect(answer.headers.allow).toBe(allow);
  });

  test.each(['/api/v1/nothing', '/api/other', '/api'])('%s keeps our own form of errors', async (path) => {
    const answer = await api(server, admin, 'GET', path);
    expect([answer.status, answer.headers['content-type'], answer.json.code]).toEqual([
      404,
      'application/problem+json',
      'not_found',
    ]);
  });
});

describe('names as the client puts them into addresses', () => {
  test.each([
    ['a/b', 'a/b'],
    ['a?b', 'a?b?expires_at=2027-01-01'],
    ['two segments up', '../../user'],
    ['a space', 'a%20b'],
    ['nothing', ''],
    ['a percent sign', 'a%25b'],
    ['half an escape', 'a%b'],
    ['bytes that are no text', '%ff%fe'],
    ['a letter outside ASCII', '%C3%A9'],
    ['a control character', 'a%00b'],
    ['a semicolon', 'a;b'],
    ['six hundred letters', 'x'.repeat(600)],
  ])('%s is a clean 4xx', async (_what, name) => {
    for (const path of [`/api/auth/access_token/${name}`, `/api/auth/user/u@x/access_token/${name}`]) {
      const query = name.includes('?') ? '' : `?expires_at=${dayAfter(31, Date.now())}`;
      const answer = await api(server, admin, 'POST', path + query);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(answer.json).toMatchObject({ message: expect.any(String), error_code: 'USER' });
    }
  });
});

describe('bodies', () => {
  const bearer = () => ({ Authorization: `Bearer ${admin}` });
  const path = () =>
    `/api/auth/access_token/t${Math.random().toString(36).slice(2)}x?expires_at=${dayAfter(31, Date.now())}`;

  test.each([
    ['an empty one of JSON', { 'Content-Type': 'application/json', 'Content-Length': '0' }],
    [
      'an empty one of JSON with a charset',
      { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': '0' },
    ],
    ['none at all', { 'Content-Length': '0' }],
  ])('%s is no body, for POST and for DELETE', async (_what, headers) => {
    const made = await send(server.url, 'POST', path(), { ...bearer(), ...headers });
    expect([made.status, made.text]).toEqual([200, expect.stringMatching(/^"tsr-/)]);
    const deleted = await send(server.url, 'DELETE', '/api/auth/access_token/nothing', {
      ...bearer(),
      ...headers,
    });
    expect([deleted.status, deleted.json]).toEqual([400, refusal(expect.any(String))]);
  });

  test.each([
    ['broken JSON', 'application/json', '{"id":', 400],
    ['a key twice', 'application/json', '{"id":"a","id":"b"}', 400],
    ['something that is not JSON', 'text/plain', 'id=a', 415],
  ])('%s is refused in the form of the protocol', async (_what, type, body, status) => {
    const answer = await send(
      server.url,
      'POST',
      '/api/auth/user',
      { ...bearer(), 'Content-Type': type, 'Content-Length': String(body.length) },
      body,
    );
    expect([answer.status, answer.json]).toEqual([status, refusal(expect.any(String))]);
  });
});

describe('a command after another', () => {
  test('log in, set, list, show roles, manage users, delete: every answer is 200 with JSON', async () => {
    await server.call('POST', '/api/v1/roles', { token: server.admin, body: { name: 'a', scopes: [] } });
    await server.call('POST', '/api/v1/roles', { token: server.admin, body: { name: 'b', scopes: [] } });
    const date = dayAfter(31, Date.now());
    for (const [method, path, body] of [
      ['POST', `/api/auth/access_token/my-token?expires_at=${date}&description=My+automation+token`],
      ['GET', '/api/auth/access_token'],
      ['GET', '/api/auth/access_token/my-token/roles'],
      ['DELETE', '/api/auth/access_token/my-token'],
      ['POST', '/api/auth/user', { id: 'u@x', roles: ['a', 'b'] }],
      ['GET', '/api/auth/user?count=100&id_prefix=u&roles=a&roles=b'],
      ['POST', `/api/auth/user/u@x/access_token/n?expires_at=${date}&description=d`],
      ['GET', '/api/auth/user/u@x/access_token'],
      ['DELETE', '/api/auth/user/u@x/access_token/n'],
      ['GET', '/api/auth/user/u@x'],
      ['POST', '/api/auth/user/u@x/roles', { role_name: 'a' }],
      ['DELETE', '/api/auth/user/u@x/roles/b'],
      ['DELETE', '/api/auth/user/u@x'],
      ['GET', '/api/version'],
      ['GET', '/api/profile/settings'],
    ] as const) {
      const answer = await api(server, admin, method, path, body);
      expect([method, path, answer.status]).toEqual([method, path, 200]);
      expect(answer.headers['content-type']).toMatch(/^application\/json/);
      expect(answer.json).toBeDefined();
      expect(answer.headers['content-encoding']).toBeUndefined();
      expect(answer.headers.location).toBeUndefined();
    }
  });

  test('nothing that was sent as a secret stands in the log', () => {
    const log = server.logged.join('');
    expect(log).not.toContain(server.admin);
    expect(log).not.toContain(admin);
  });
});

test('every call stands in the OpenAPI document, with its answers', async () => {
  const { json } = await server.call('GET', '/openapi.json');
  const calls = Object.entries<Record<string, { tags?: string[]; responses: object }>>(json.paths).flatMap(
    ([path, methods]) =>
      Object.entries(methods)
        .filter(([, call]) => call.tags?.includes('OSMO'))
        .map(([method, call]) => `${method.toUpperCase()} ${path} ${Object.keys(call.responses).join(' ')}`),
  );
  expect(calls.sort()).toEqual(
    [
      'GET /api/auth/login 200 400 default',
      'GET /api/auth/keys 200 400 default',
      'POST /api/auth/jwt/access_token 200 400 default',
      'GET /api/auth/jwt/access_token 200 400 default',
      'POST /api/auth/token 200 400 401 default',
      'GET /api/version 200 400 default',
      'POST /api/auth/access_token/{name} 200 400 401 403 default',
      'GET /api/auth/access_token 200 400 401 403 default',
      'DELETE /api/auth/access_token/{name} 200 400 401 403 default',
      'GET /api/auth/access_token/{name}/roles 200 400 401 403 default',
      'POST /api/auth/user/{user}/access_token/{name} 200 400 401 403 default',
      'GET /api/auth/user/{user}/access_token 200 400 401 403 default',
      'DELETE /api/auth/user/{user}/access_token/{name} 200 400 401 403 default',
      'GET /api/auth/user 200 400 401 403 default',
      'POST /api/auth/user 200 400 401 403 default',
      'GET /api/auth/user/{user} 200 400 401 403 default',
      'DELETE /api/auth/user/{user} 200 400 401 403 default',
      'GET /api/auth/user/{user}/roles 200 400 401 403 default',
      'POST /api/auth/user/{user}/roles 200 400 401 403 default',
      'DELETE /api/auth/user/{user}/roles/{role} 200 400 401 403 default',
      'GET /api/auth/roles/{role}/users 200 400 401 403 default',
      'POST /api/auth/roles/{role}/users 200 400 401 403 default',
      'GET /api/profile/settings 200 400 401 403 default',
      'POST /api/profile/settings 200 400 401 403 default',
    ].sort(),
  );
});
