import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../../support/database.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { api, exchange, login, refusal } from './client.ts';

const START = Date.UTC(2026, 7, 10, 9, 30, 15, 123);
const STAMP = '2026-08-10T09:30:15.123000Z';
const SECOND = '2026-08-10T09:30:15.000000Z';

describe.each(ENGINES)('on %s', (engine) => {
  let server: TestServer;
  let now = START;
  let admin: string;
  let alice: string;

  beforeAll(async () => {
    server = await startTestServer({ engine, clock: () => now });
    for (const name of ['role-a', 'role-b', 'role-c']) {
      await server.call('POST', '/api/v1/roles', { token: server.admin, body: { name, scopes: [] } });
    }
    admin = await login(server, server.admin);
    alice = await login(server, await server.user('alice'));
    await server.call('POST', '/api/v1/service-tokens', {
      token: server.admin,
      body: { username: 'bot-metrics', scopes: [] },
    });
  });
  afterAll(() => server.close());

  const ask = (method: string, path: string, body?: unknown) =>
    api(server, admin, method, `/api/auth/${path}`, body);
  const create = (id: string, roles?: string[]) =>
    ask('POST', 'user', { id, ...(roles === undefined ? {} : { roles }) });

  test('a user is created with roles, shown with who gave them, and deleted', async () => {
    const made = await create('u@x.example', ['role-b', 'role-a']);
    const user = { id: 'u@x.example', created_at: SECOND, created_by: 'admin' };
    expect([made.status, made.json]).toEqual([200, user]);
    const shown = await ask('GET', 'user/u@x.example');
    const assigned = { assigned_by: 'admin', assigned_at: STAMP };
    expect([shown.status, shown.json]).toEqual([
      200,
      {
        ...user,
        roles: [
          { role_name: 'role-a', ...assigned },
          { role_name: 'role-b', ...assigned },
        ],
      },
    ]);
    const roles = await ask('GET', 'user/u@x.example/roles');
    expect([roles.status, roles.json]).toEqual([200, { user_id: 'u@x.example', roles: shown.json.roles }]);
    const deleted = await ask('DELETE', 'user/u@x.example');
    expect([deleted.status, deleted.text]).toEqual([200, 'null']);
    expect((await ask('GET', 'user/u@x.example')).status).toBe(400);
  });

  test('creation is all or nothing, and of one name once', async () => {
    const refused = await create('half', ['role-a', 'no-such-role']);
    expect([refused.status, refused.json]).toEqual([400, refusal(expect.stringContaining("'no-such-role'"))]);
    expect((await ask('GET', 'user/half')).status).toBe(400);
    const answers = await Promise.all(Array.from({ length: 8 }, () => create('once')));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array(7).fill(400)]);
    expect((await create('plain')).json).toEqual({ id: 'plain', created_at: SECOND, created_by: 'admin' });
  });

  test.each(['', ' ', '-a', 'a-', '.a', 'a b', 'a/b', 'é', 'bot-x', 'ALICE', 'x'.repeat(65)])(
    'a user cannot be named %j',
    async (id) => {
      const answer = await create(id);
      expect([answer.status, answer.json]).toEqual([400, refusal(expect.any(String))]);
    },
  );

  test('deleting a user kills the tokens', async () => {
    await create('leaving', ['role-a']);
    const path = 'user/leaving/access_token/t?expires_at=2026-12-01';
    const token = (await ask('POST', path)).json;
    const jwt = await login(server, token);
    await ask('DELETE', 'user/leaving');
    const gone = await exchange(server, token);
    expect([gone.status, gone.json]).toEqual([400, refusal('The access token is not valid.')]);
    expect((await api(server, jwt, 'GET', '/api/profile/settings')).status).toBe(401);
    await create('leaving', ['role-a']);
    expect((await exchange(server, token)).status).toBe(400);
    expect((await ask('GET', 'user/leaving/access_token')).json).toEqual([]);
  });

  test('the last administrator stays', async () => {
    for (const path of ['user/admin', 'user/admin/roles/admin']) {
      const answer = await ask('DELETE', path);
      expect([answer.status, answer.json]).toEqual([400, refusal(expect.stringContaining('administrator'))]);
    }
  });

  test('a role is given once: again keeps who gave it and when', async () => {
    await create('holder');
    const given = await ask('POST', 'user/holder/roles', { role_name: 'role-a' });
    const expected = { user_id: 'holder', role_name: 'role-a', assigned_by: 'admin', assigned_at: STAMP };
    expect([given.status, given.json]).toEqual([200, expected]);
    now += 60_000;
    expect((await ask('POST', 'user/holder/roles', { role_name: 'role-a' })).json).toEqual(expected);
    for (const role of ['role-a', 'role-a', 'role-b', 'no-such-role']) {
      const taken = await ask('DELETE', `user/holder/roles/${role}`);
      expect([taken.status, taken.text]).toEqual([200, 'null']);
    }
    expect((await ask('GET', 'user/holder/roles')).json).toEqual({ user_id: 'holder', roles: [] });
  });

  test('unknown roles and users are refused with 400', async () => {
    for (const [method, path, body] of [
      ['POST', 'user/alice/roles', { role_name: 'no-such-role' }],
      ['POST', 'user/nobody/roles', { role_name: 'role-a' }],
      ['POST', 'user/bot-metrics/roles', { role_name: 'role-a' }],
      ['DELETE', 'user/nobody/roles/role-a'],
      ['GET', 'user/nobody/roles'],
      ['GET', 'user/nobody'],
      ['GET', 'user/bot-metrics'],
      ['DELETE', 'user/bot-metrics'],
      ['DELETE', 'user/nobody'],
      ['GET', 'user/%20'],
      ['GET', 'user/'],
      ['GET', 'roles/no-such-role/users'],
      ['POST', 'roles/no-such-role/users', { user_ids: ['alice'] }],
      ['POST', 'user', {}],
      ['POST', 'user'],
      ['POST', 'user/alice/roles', { role_name: 7 }],
      ['POST', 'roles/role-a/users', { user_ids: 'alice' }],
      ['GET', 'user?count=1001'],
      ['GET', 'user?start_index=0'],
      ['GET', 'user?count=many'],
    ] as const) {
      const answer = await ask(method, path, body);
      expect([method, path, answer.status, answer.json]).toEqual([
        method,
        path,
        400,
        refusal(expect.any(String)),
      ]);
    }
  });

  test('several users are given a role; who has it, who cannot and who got it are told apart', async () => {
    for (const id of ['one', 'two']) await create(id);
    await ask('POST', 'user/one/roles', { role_name: 'role-c' });
    now += 60_000;
    const given = await ask('POST', 'roles/role-c/users', {
      user_ids: ['one', 'two', 'nobody', 'bot-metrics', 'two'],
    });
    expect([given.status, given.json]).toEqual([
      200,
      {
        role_name: 'role-c',
        assigned: ['two'],
        already_assigned: ['one'],
        failed: ['nobody', 'bot-metrics'],
      },
    ]);
    const holders = await ask('GET', 'roles/role-c/users');
    const moment = (ms: number) => `${new Date(ms).toISOString().slice(0, -1)}000Z`;
    expect([holders.status, holders.json]).toEqual([
      200,
      {
        role_name: 'role-c',
        users: [
          { user_id: 'two', assigned_by: 'admin', assigned_at: moment(now) },
          { user_id: 'one', assigned_by: 'admin', assigned_at: moment(now - 60_000) },
        ],
      },
    ]);
  });

  test('the list is newest first, in pages, by beginning of the name and any of the roles together', async () => {
    for (const [id, roles] of [
      ['list-1', ['role-a']],
      ['list-2', ['role-b']],
      ['list-3', []],
      ['list-4', ['role-a', 'role-b']],
      ['other', ['role-a']],
    ] as const) {
      now += 1000;
      await create(id, [...roles]);
    }
    const ids = (answer: { json: { users: { id: string }[] } }) => answer.json.users.map(({ id }) => id);
    const all = await ask('GET', 'user?count=100&id_prefix=list-');
    expect(all.json).toMatchObject({ total_results: 4, start_index: 1, items_per_page: 4 });
    expect(ids(all)).toEqual(['list-4', 'list-3', 'list-2', 'list-1']);
    expect(Object.keys(all.json.users[0])).toEqual(['id', 'created_at', 'created_by']);
    const page = await ask('GET', 'user?count=2&start_index=3&id_prefix=list-');
    expect(page.json).toMatchObject({ total_results: 4, start_index: 3, items_per_page: 2 });
    expect(ids(page)).toEqual(['list-2', 'list-1']);
    const beyond = await ask('GET', 'user?start_index=50&id_prefix=list-');
    expect(beyond.json).toEqual({ total_results: 4, start_index: 50, items_per_page: 0, users: [] });
    expect(ids(await ask('GET', 'user?count=100&id_prefix=list-&roles=role-a'))).toEqual([
      'list-4',
      'list-1',
    ]);
    expect(ids(await ask('GET', 'user?count=100&id_prefix=list-&roles=role-a&roles=role-b'))).toEqual([
      'list-4',
      'list-2',
      'list-1',
    ]);
    expect(ids(await ask('GET', 'user?id_prefix=list-&roles=no-such-role'))).toEqual([]);
    const everybody = ids(await ask('GET', 'user?count=1000'));
    expect(everybody).toContain('admin');
    expect(everybody).not.toContain('bot-metrics');
  });

  test.each([
    ['GET', 'user'],
    ['GET', 'user?count=junk'],
    ['POST', 'user'],
    ['GET', 'user/alice'],
    ['GET', 'user/nobody'],
    ['DELETE', 'user/alice'],
    ['GET', 'user/alice/roles'],
    ['POST', 'user/alice/roles'],
    ['DELETE', 'user/alice/roles/role-a'],
    ['GET', 'roles/role-a/users'],
    ['GET', 'roles/no-such-role/users'],
    ['POST', 'roles/role-a/users'],
  ])('%s %s is 403 for everybody but administrators, and 401 without a login', async (method, path) => {
    const refused = await api(server, alice, method, `/api/auth/${path}`);
    expect([refused.status, refused.json]).toEqual([403, refusal(expect.stringContaining('admin:token'))]);
    const nobody = await api(server, null, method, `/api/auth/${path}`);
    expect([nobody.status, nobody.json]).toEqual([401, refusal(expect.any(String))]);
  });
});
