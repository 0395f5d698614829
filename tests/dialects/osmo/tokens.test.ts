import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../../support/database.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { api, claimsOf, dayAfter, exchange, login, type OsmoAnswer, refusal } from './client.ts';

const START = Date.UTC(2026, 7, 10, 9, 30, 15);
const DAY_MS = 86_400_000;

describe.each(ENGINES)('on %s', (engine) => {
  let server: TestServer;
  let now = START;
  let admin: string;
  let alice: string;

  beforeAll(async () => {
    server = await startTestServer({ engine, clock: () => now });
    for (const name of ['gpu-user', 'data-user', 'late-role']) {
      await server.call('POST', '/api/v1/roles', {
        token: server.admin,
        body: { name, scopes: name === 'gpu-user' ? ['read:machines'] : [] },
      });
    }
    admin = await login(server, server.admin);
    alice = await login(server, await server.user('alice', ['gpu-user', 'data-user']));
  });
  afterAll(() => server.close());

  const set = (name: string, query = '', as = alice) =>
    api(server, as, 'POST', `/api/auth/access_token/${name}?expires_at=${dayAfter(31, now)}${query}`);
  const listed = async (as = alice) => (await api(server, as, 'GET', '/api/auth/access_token')).json;
  const entry = async (name: string, as = alice) =>
    (await listed(as)).find((token: { token_name: string }) => token.token_name === name);
  const claims = async (token: string) => claimsOf(await login(server, token));

  test('a token is set with an empty JSON body and answered as a bare JSON string', async () => {
    const made = await set('my-token', '&description=My+automation+token');
    expect(made.status).toBe(200);
    expect(made.headers['content-type']).toMatch(/^application\/json/);
    expect(made.headers['cache-control']).toBe('no-store');
    expect(made.text).toMatch(/^"tsr-[0-9A-Za-z]{22}-[0-9A-Za-z]{28}"$/);
    expect(await entry('my-token')).toEqual({
      user_name: 'alice',
      token_name: 'my-token',
      expires_at: `${dayAfter(31, now)}T00:00:00`,
      description: 'My automation token',
      roles: ['data-user', 'gpu-user'],
    });
    expect((await exchange(server, made.json)).status).toBe(200);
  });

  test('the list is sorted by name, has an empty text for no description, and never a secret', async () => {
    const made = await set('a-first', '&roles=gpu-user');
    const answer = await api(server, alice, 'GET', '/api/auth/access_token');
    expect(answer.status).toBe(200);
    expect(answer.json.map((token: { token_name: string }) => token.token_name)).toEqual([
      'a-first',
      'my-token',
    ]);
    expect(answer.json[0]).toMatchObject({ description: '', roles: ['gpu-user'] });
    expect(answer.text).not.toContain(made.json);
    expect(answer.text).not.toContain('digest');
  });

  test('a user without tokens has an empty list', async () => {
    const carol = await login(server, await server.user('carol'));
    const answer = await api(server, carol, 'GET', '/api/auth/access_token');
    expect([answer.status, answer.text]).toEqual([200, '[]']);
  });

  test('several roles are repeated keys, one is a single key, the same twice counts once', async () => {
    await set('both', '&roles=gpu-user&roles=data-user');
    expect((await entry('both')).roles).toEqual(['data-user', 'gpu-user']);
    await set('twice', '&roles=gpu-user&roles=gpu-user');
    expect((await entry('twice')).roles).toEqual(['gpu-user']);
  });

  test('the roles of a token show who made it and when', async () => {
    const answer = await api(server, alice, 'GET', '/api/auth/access_token/both/roles');
    expect(answer.status).toBe(200);
    const assigned = { assigned_by: 'alice', assigned_at: '2026-08-10T09:30:15.000000Z' };
    expect(answer.json).toEqual({
      user_name: 'alice',
      token_name: 'both',
      roles: [
        { role_name: 'data-user', ...assigned },
        { role_name: 'gpu-user', ...assigned },
      ],
    });
  });

  test('deleting answers null, ends the token at once and frees its name', async () => {
    const made = await set('short-lived');
    const jwt = await login(server, made.json);
    const deleted = await api(server, alice, 'DELETE', '/api/auth/access_token/short-lived');
    expect([deleted.status, deleted.text]).toEqual([200, 'null']);
    expect(await entry('short-lived')).toBeUndefined();
    expect((await exchange(server, made.json)).status).toBe(400);
    const late = await api(server, jwt, 'GET', '/api/auth/access_token');
    expect([late.status, late.json]).toEqual([401, refusal(expect.any(String))]);
    const bare = await api(server, made.json, 'GET', '/api/auth/access_token');
    expect([bare.status, bare.json]).toEqual([401, refusal(expect.any(String))]);
    expect((await set('short-lived')).status).toBe(200);
  });

  test('an unknown token, and one of somebody else, are refused alike with 400', async () => {
    const dave = await login(server, await server.user('dave'));
    for (const method of ['DELETE', 'GET']) {
      const path = (name: string) => `/api/auth/access_token/${name}${method === 'GET' ? '/roles' : ''}`;
      const unknown = await api(server, dave, method, path('nothing'));
      const foreign = await api(server, dave, method, path('my-token'));
      expect([unknown.status, unknown.json]).toEqual([400, refusal(expect.stringContaining("'nothing'"))]);
      expect(foreign.status).toBe(400);
      expect(foreign.json.message.replace('my-token', 'nothing')).toBe(unknown.json.message);
    }
    expect(await entry('my-token')).toBeDefined();
  });

  test('a name is taken once, also when ten ask at the same moment', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => set('contested')));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array(9).fill(400)]);
    for (const answer of answers.filter(({ status }) => status === 400)) {
      expect(answer.json).toEqual(refusal(expect.stringContaining("'contested'")));
    }
    const other = await login(server, await server.user('erin', ['gpu-user']));
    expect((await set('contested', '', other)).status).toBe(200);
  });

  test.each([
    ['1abc'],
    ['-abc'],
    ['abc-'],
    ['abc_'],
    ['a%20b'],
    ['a.b'],
    ['a@b'],
    ['%C3%A9'],
    ['a%0A'],
    ['a%2Fb'],
    [`a${'b'.repeat(100)}`],
  ])('the name %s is refused with 400 and nothing is made', async (name) => {
    const before = await listed();
    const answer = await set(name);
    expect([answer.status, answer.json]).toEqual([400, refusal(expect.stringContaining('name'))]);
    expect(await listed()).toEqual(before);
  });

  test.each([
    ['no date at all', ''],
    ['an empty one', 'expires_at='],
    ['one that is in no calendar', 'expires_at=2027-02-30'],
    ['a time', 'expires_at=2027-02-03T00:00:00'],
    ['words', 'expires_at=tomorrow'],
    ['two', 'expires_at=2027-02-03&expires_at=2027-02-04'],
    ['today', `expires_at=${dayAfter(0, START)}`],
    ['yesterday', `expires_at=${dayAfter(-1, START)}`],
    ['a year and a day', `expires_at=${dayAfter(366, START)}`],
  ])('the date is refused with 400 when it is %s', async (_what, query) => {
    const answer = await api(server, alice, 'POST', `/api/auth/access_token/dated?${query}`);
    expect([answer.status, answer.json]).toEqual([400, refusal(expect.stringContaining('expires_at'))]);
  });

  test('tomorrow is the first date, a year from today the last', async () => {
    for (const [name, days] of [
      ['tomorrow', 1],
      ['in-a-year', 365],
    ] as const) {
      const path = `/api/auth/access_token/${name}?expires_at=${dayAfter(days, now)}`;
      expect((await api(server, alice, 'POST', path)).status).toBe(200);
    }
  });

  test('refusals come in the order of the original', async () => {
    const nobody = await login(server, await server.user('frank'));
    const far = dayAfter(400, now);
    const ask = async (name: string, date: string, more = '', as = nobody) =>
      (await api(server, as, 'POST', `/api/auth/access_token/${name}?expires_at=${date}${more}`)).json
        .message;
    expect(await ask('-', far)).toContain('last possible date');
    expect(await ask('-', 'junk')).toContain('name');
    expect(await ask('fine', 'junk', '&roles=x')).toContain('YYYY-MM-DD');
    expect(await ask('fine', dayAfter(0, now))).toContain('first possible date');
    expect(await ask('fine', dayAfter(9, now))).toContain('at least one role');
    expect(await ask('my-token', dayAfter(9, now), '&roles=late-role', alice)).toContain("'late-role'");
    expect(await ask('my-token', dayAfter(9, now), '', alice)).toContain("'my-token'");
  });

  test('a role that is not held, or does not exist, is refused with 400 and nothing is made', async () => {
    for (const role of ['late-role', 'no-such-role', 'admin', '']) {
      const answer = await set('wide', `&roles=gpu-user&roles=${role}`);
      expect([answer.status, answer.json]).toEqual([400, refusal(expect.stringContaining(`'${role}'`))]);
    }
    expect(await entry('wide')).toBeUndefined();
  });

  test('a narrow token makes no broad one, and hands on its own roles when none are named', async () => {
    const narrow = (await set('narrow', '&roles=gpu-user')).json;
    for (const credential of [narrow, await login(server, narrow)]) {
      const broad = await set('broad', '&roles=data-user', credential);
      expect([broad.status, broad.json]).toEqual([400, refusal(expect.stringContaining("'data-user'"))]);
    }
    const child = await set('child', '', await login(server, narrow));
    expect(child.status).toBe(200);
    expect((await entry('child')).roles).toEqual(['gpu-user']);
    expect((await claims(child.json)).roles).toEqual(['gpu-user']);
  });

  test('a token narrowed to scopes shows no roles and makes no tokens with any', async () => {
    const aliceSession = await server.call('POST', '/api/v1/tokens', {
      token: server.admin,
      body: { name: 'scoped', user: 'alice', scopes: ['user:token', 'read:machines'] },
    });
    expect(aliceSession.status).toBe(201);
    const { token } = aliceSession.json;
    expect((await entry('scoped')).roles).toEqual([]);
    expect((await claims(token)).roles).toEqual([]);
    for (const query of ['', '&roles=data-user', '&roles=gpu-user']) {
      const answer = await set('from-scoped', query, await login(server, token));
      expect([answer.status, answer.json]).toEqual([400, refusal(expect.stringContaining('role'))]);
    }
  });

  test('a role taken from a user leaves all tokens at once, and a later grant does not bring it back', async () => {
    const owner = await login(server, await server.user('grace', ['gpu-user', 'data-user']));
    const token = (await set('both', '', owner)).json;
    const jwt = await login(server, token);
    const profile = async () => (await api(server, jwt, 'GET', '/api/profile/settings')).json.roles;
    expect(await profile()).toEqual(['data-user', 'gpu-user']);
    const path = '/api/auth/user/grace/roles';
    await api(server, admin, 'DELETE', `${path}/gpu-user`);
    expect(await profile()).toEqual(['data-user']);
    expect((await entry('both', owner)).roles).toEqual(['data-user']);
    expect((await claims(token)).roles).toEqual(['data-user']);
    await api(server, admin, 'POST', path, { role_name: 'gpu-user' });
    await api(server, admin, 'POST', path, { role_name: 'late-role' });
    expect(await profile()).toEqual(['data-user']);
    await api(server, admin, 'DELETE', `${path}/data-user`);
    expect((await claims(token)).roles).toEqual([]);
    const still = await api(server, await login(server, token), 'GET', '/api/auth/access_token');
    expect(still.status).toBe(200);
    expect((await api(server, jwt, 'GET', '/api/auth/access_token/both/roles')).json.roles).toEqual([]);
  });

  test('a role deleted and made again under the same name is not that of older tokens', async () => {
    const body = { name: 'phoenix', scopes: [] };
    await server.call('POST', '/api/v1/roles', { token: server.admin, body });
    const owner = await login(server, await server.user('judy', ['phoenix']));
    const token = (await set('old', '', owner)).json;
    expect((await claims(token)).roles).toEqual(['phoenix']);
    const removed = await server.call('DELETE', '/api/v1/roles/phoenix', { token: server.admin });
    expect(removed.status).toBe(204);
    await server.call('POST', '/api/v1/roles', { token: server.admin, body });
    await api(server, admin, 'POST', '/api/auth/user/judy/roles', { role_name: 'phoenix' });
    expect((await claims(token)).roles).toEqual([]);
  });

  test('a token made with a role while that role is taken away has it nowhere afterwards', async () => {
    const owner = await login(server, await server.user('heidi', ['gpu-user', 'data-user']));
    const answers = await Promise.all([
      ...Array.from({ length: 6 }, (_, at) => set(`race${at}`, '&roles=gpu-user&roles=data-user', owner)),
      api(server, admin, 'DELETE', '/api/auth/user/heidi/roles/gpu-user'),
    ]);
    for (const { status } of answers) expect([200, 400]).toContain(status);
    for (const token of await listed(owner)) expect(token.roles).toEqual(['data-user']);
    const made = answers.slice(0, -1).filter(({ status }) => status === 200).length;
    expect(await listed(owner)).toHaveLength(made);
  });

  test('a token is dead from midnight UTC of its date, still listed, and its name is free', async () => {
    const path = `/api/auth/access_token/dying?expires_at=${dayAfter(1, now)}`;
    const made = await api(server, alice, 'POST', path);
    const midnight = Date.parse(`${dayAfter(1, now)}T00:00:00Z`);
    const before = now;
    try {
      now = midnight - 1000;
      const jwt = await login(server, made.json);
      now = midnight;
      const expired = await exchange(server, made.json);
      expect([expired.status, expired.json]).toEqual([400, refusal(expect.stringContaining('expired'))]);
      const used = await api(server, jwt, 'GET', '/api/auth/access_token');
      expect([used.status, used.json]).toEqual([401, refusal(expect.stringContaining('expired'))]);
      alice = await login(server, (await session('alice')).json.token);
      admin = await login(server, (await session('admin')).json.token);
      expect((await entry('dying')).expires_at).toBe(`${dayAfter(0, midnight)}T00:00:00`);
      expect((await set('dying', '&description=second')).status).toBe(200);
      const all = (await listed()).filter((token: { token_name: string }) => token.token_name === 'dying');
      expect(all).toEqual([expect.objectContaining({ description: 'second' })]);
      expect((await api(server, alice, 'DELETE', '/api/auth/access_token/dying')).text).toBe('null');
      expect(await entry('dying')).toBeUndefined();
    } finally {
      now = Math.max(before, midnight);
    }
  });

  const session = (username: string) =>
    server.call('POST', '/api/v1/sessions', {
      body: { username, password: 'correct horse battery staple' },
    });

  describe('for somebody else', () => {
    const path = (user: string, name?: string) =>
      `/api/auth/user/${user}/access_token${name === undefined ? '' : `/${name}`}`;
    const setFor = (user: string, name: string, query = '', as = admin): Promise<OsmoAnswer> =>
      api(server, as, 'POST', `${path(user, name)}?expires_at=${dayAfter(31, now)}${query}`);

    beforeAll(async () => {
      await server.user('u@x.example', ['gpu-user', 'data-user']);
      await server.user('roleless');
    });

    test('an administrator sets, lists and deletes tokens, and is named as the one who made them', async () => {
      const made = await setFor('u@x.example', 'n', '&description=d');
      expect(made.status).toBe(200);
      expect(made.text).toMatch(/^"tsr-/);
      const list = await api(server, admin, 'GET', path('u@x.example'));
      expect([list.status, list.json]).toEqual([
        200,
        [
          {
            user_name: 'u@x.example',
            token_name: 'n',
            expires_at: `${dayAfter(31, now)}T00:00:00`,
            description: 'd',
            roles: ['data-user', 'gpu-user'],
          },
        ],
      ]);
      const owner = await login(server, made.json);
      const roles = (await api(server, owner, 'GET', '/api/auth/access_token/n/roles')).json.roles;
      expect(roles.map((role: { assigned_by: string }) => role.assigned_by)).toEqual(['admin', 'admin']);
      const deleted = await api(server, admin, 'DELETE', path('u@x.example', 'n'));
      expect([deleted.status, deleted.text]).toEqual([200, 'null']);
      expect((await exchange(server, made.json)).status).toBe(400);
    });

    test('roles must be held by the owner, whatever the administrator holds', async () => {
      const answer = await setFor('u@x.example', 'n', '&roles=admin');
      expect([answer.status, answer.json]).toEqual([400, refusal(expect.stringContaining("'admin'"))]);
    });

    test.each([
      ['an owner without roles', 'roleless', 'n'],
      ['an owner who does not exist', 'nobody', 'n'],
      ['a bot', 'bot-metrics', 'n'],
      ['a blank owner', '%20', 'n'],
      ['no owner', '', 'n'],
    ])('%s is refused with 400', async (_what, user, name) => {
      const made = await setFor(user, name);
      expect([made.status, made.json]).toEqual([400, refusal(expect.any(String))]);
      const deleted = await api(server, admin, 'DELETE', path(user, name));
      expect([deleted.status, deleted.json]).toEqual([400, refusal(expect.any(String))]);
      if (user !== 'roleless') {
        const list = await api(server, admin, 'GET', path(user));
        expect([list.status, list.json]).toEqual([400, refusal(expect.any(String))]);
      }
    });

    test.each(['u@x.example', 'nobody', 'alice', '%20'])(
      'everybody else hears 403 about %s before anything is looked at',
      async (user) => {
        const requests = [
          setFor(user, '-bad-', '', alice),
          api(server, alice, 'POST', path(user, 'n')),
          api(server, alice, 'GET', path(user)),
          api(server, alice, 'DELETE', path(user, 'n')),
        ];
        const answers = await Promise.all(requests);
        for (const answer of answers) {
          expect([answer.status, answer.json]).toEqual([403, refusal(expect.any(String))]);
        }
        expect(new Set(answers.map((answer) => answer.json.message)).size).toBe(1);
      },
    );
  });

  test('a configured bound is tighter than the year of the protocol', async () => {
    const tight = await startTestServer({
      engine,
      clock: () => START,
      environment: { TESSERA_MAX_TOKEN_LIFETIME: '90d' },
    });
    try {
      const path = (days: number) => `/api/auth/access_token/t${days}?expires_at=${dayAfter(days, START)}`;
      const as = await login(tight, tight.admin);
      expect((await api(tight, as, 'POST', path(90))).status).toBe(200);
      const refused = await api(tight, as, 'POST', path(91));
      expect([refused.status, refused.json]).toEqual([
        400,
        refusal(expect.stringContaining(dayAfter(90, START))),
      ]);
    } finally {
      await tight.close();
    }
  });

  test('tokens made elsewhere are listed and can be deleted, whatever their names and ends', async () => {
    const ivan = await server.user('ivan', ['gpu-user']);
    const made = await server.call('POST', '/api/v1/tokens', {
      token: ivan,
      body: { name: 'my laptop', expires_at: null },
    });
    expect(made.status).toBe(201);
    const jwt = await login(server, ivan);
    expect(await listed(jwt)).toEqual([
      {
        user_name: 'ivan',
        token_name: 'my laptop',
        expires_at: '9999-12-31T00:00:00',
        description: '',
        roles: ['gpu-user'],
      },
    ]);
    const deleted = await api(server, jwt, 'DELETE', '/api/auth/access_token/my%20laptop');
    expect([deleted.status, deleted.text]).toEqual([200, 'null']);
    expect(await listed(jwt)).toEqual([]);
  });
});

test('a year is a year of days', () => {
  expect(Date.parse(dayAfter(365, START)) - Date.parse(dayAfter(0, START))).toBe(365 * DAY_MS);
});
