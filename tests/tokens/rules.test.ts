import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/database.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

const DAY = 86_400_000;
const GUARDED = { 'x-original-url': 'https://app.example.com/', 'x-original-method': 'GET' };

describe.each(ENGINES)('on %s', (engine) => {
  let server: TestServer;
  let now = Date.UTC(2026, 5, 1, 12);
  let alice: string;

  beforeAll(async () => {
    server = await startTestServer({
      engine,
      clock: () => now,
      environment: { TESSERA_MAX_TOKEN_LIFETIME: '90d' },
    });
    await post('/api/v1/roles', { name: 'metrics', scopes: ['write:sasquatch'] });
    await post('/api/v1/roles', { name: 'viewer', scopes: ['read:machines'] });
    alice = await server.user('alice', ['metrics', 'viewer']);
  });
  afterAll(() => server.close());

  const post = (path: string, body: unknown, token = server.admin) =>
    server.call('POST', path, { token, body });
  const mint = (body: Record<string, unknown>, token = alice) => post('/api/v1/tokens', body, token);
  const scopesOf = async (token: string): Promise<string[]> =>
    (await server.call('GET', '/api/v1/me', { token })).json.scopes;
  const signIn = async (username: string): Promise<string> =>
    (await server.call('POST', '/api/v1/sessions', { body: { username, password: PASSWORD } })).json.token;
  const guard = async (token: string, scope: string): Promise<number> =>
    (await server.call('GET', `/ingress/auth?scope=${scope}`, { token, headers: GUARDED })).status;

  describe('a personal access token', () => {
    test('without a wish is as wide as the token used to ask, and lives 31 days', async () => {
      const made = await mint({ name: 'plain' });
      expect(made.status).toBe(201);
      expect(made.headers.get('location')).toBe(`/api/v1/tokens/${made.json.details.id}`);
      expect(made.headers.get('cache-control')).toBe('no-store');
      expect(made.json.details).toMatchObject({
        roles: ['metrics', 'user', 'viewer'],
        scopes: null,
        state: 'active',
      });
      expect(Date.parse(made.json.details.expires_at) - now).toBe(31 * DAY);
      expect(await scopesOf(made.json.token)).toEqual(['read:machines', 'user:token', 'write:sasquatch']);
    });

    test('pins roles: it does not gain what the owner gains, and loses what the owner loses', async () => {
      const made = await mint({ name: 'pinned', roles: ['viewer'] });
      expect(await scopesOf(made.json.token)).toEqual(['read:machines']);
      await post('/api/v1/roles', { name: 'late', scopes: ['read:connections'] });
      await server.call('PUT', '/api/v1/users/alice/roles/late', { token: server.admin });
      expect(await scopesOf(made.json.token)).toEqual(['read:machines']);
      await server.call('DELETE', '/api/v1/users/alice/roles/viewer', { token: server.admin });
      expect(await scopesOf(made.json.token)).toEqual([]);
      await server.call('PUT', '/api/v1/users/alice/roles/viewer', { token: server.admin });
      expect(await scopesOf(made.json.token)).toEqual([]);
      alice = await signIn('alice');
      expect(await scopesOf(alice)).toContain('read:machines');
    });

    test('carries no role that the token used to ask does not carry, though it has no scopes yet', async () => {
      await post('/api/v1/roles', { name: 'title', scopes: [] });
      await server.call('PUT', '/api/v1/users/alice/roles/title', { token: server.admin });
      const refused = await mint({ name: 'titled', roles: ['title'] });
      expect(refused.json).toMatchObject({ status: 403, code: 'scope_not_held' });
      expect(refused.json.errors[0].field).toBe('roles');
      alice = await signIn('alice');
      expect((await mint({ name: 'titled', roles: ['title'] })).status).toBe(201);
    });

    test('pins scopes within the roles', async () => {
      const made = await mint({ name: 'narrow', scopes: ['write:sasquatch'] });
      expect(await guard(made.json.token, 'write:sasquatch')).toBe(200);
      expect(await guard(made.json.token, 'read:machines')).toBe(403);
    });

    test('made from a narrow token is no wider, asked for or not', async () => {
      const narrow = (await mint({ name: 'parent', scopes: ['write:sasquatch', 'user:token'] })).json.token;
      const child = await mint({ name: 'no wish' }, narrow);
      expect(await scopesOf(child.json.token)).toEqual(['user:token', 'write:sasquatch']);
      const wider = await mint({ name: 'wish', scopes: ['read:machines'] }, narrow);
      expect(wider.json).toMatchObject({ status: 403, code: 'scope_not_held' });
      expect(wider.json.detail).toContain('read:machines');
      const byRole = await mint({ name: 'wish by role', roles: ['viewer'] }, narrow);
      expect(byRole.json).toMatchObject({ status: 403, code: 'scope_not_held' });
    });

    test.each([
      [{ roles: ['nobody-has-this'] }, 'role_not_held', 'nobody-has-this'],
      [{ scopes: ['no:such'] }, 'unknown_scope', 'no:such'],
      [{ expires_in: '4m' }, 'invalid_expiry', '5 minutes'],
      [{ expires_in: '91d' }, 'invalid_expiry', '90 days'],
      [{ expires_at: null }, 'invalid_expiry', '90 days'],
      [{ expires_at: '2026-02-30' }, 'invalid_expiry', 'calendar'],
      [{ expires_at: '2026-05-31' }, 'invalid_expiry', '5 minutes'],
      [{ expires_at: 'tomorrow' }, 'invalid_request', 'YYYY-MM-DD'],
      [{ expires_in: '10d', expires_at: '2026-07-01' }, 'invalid_request', 'not both'],
      [{ name: ' padded ' }, 'invalid_request', 'blanks'],
      [{ name: 'x'.repeat(65) }, 'invalid_request', '64'],
      [{ user: 'nobody' }, 'insufficient_scope', 'admin:token'],
    ])('is refused with %j', async (wish, code, words) => {
      const made = await mint({ name: `refused ${code}`, ...wish });
      expect(made.json.code, made.text).toBe(code);
      expect(made.json.detail).toContain(words);
    });

    test('has a name no other live token of its owner has; twenty at once give one', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => mint({ name: 'contested' })));
      expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1);
      const losers = answers.filter((answer) => answer.status !== 201);
      expect(new Set(losers.map((answer) => answer.json.code))).toEqual(new Set(['name_taken']));
      expect((await mint({ name: 'contested' }, server.admin)).status).toBe(201);
    });

    test('frees its name when it expires or is revoked', async () => {
      const first = await mint({ name: 'again', expires_in: '5m' });
      now += 5 * 60_000;
      expect((await server.call('GET', '/api/v1/me', { token: first.json.token })).json.code).toBe(
        'token_expired',
      );
      const second = await mint({ name: 'again' });
      expect(second.status).toBe(201);
      await server.call('DELETE', `/api/v1/tokens/${second.json.details.id}`, { token: alice });
      expect((await mint({ name: 'again' })).status).toBe(201);
    });

    test('dies exactly at its end', async () => {
      const made = await mint({ name: 'exact', expires_in: '10m', scopes: ['write:sasquatch'] });
      now += 10 * 60_000 - 1000;
      expect(await guard(made.json.token, 'write:sasquatch')).toBe(200);
      now += 1000;
      expect(await guard(made.json.token, 'write:sasquatch')).toBe(401);
    });

    test('given by an administrator may hold what its owner does not; that part does not fall with roles', async () => {
      const made = await mint(
        { name: 'granted', user: 'alice', scopes: ['admin:routes', 'write:sasquatch'] },
        server.admin,
      );
      expect(made.status, made.text).toBe(201);
      await server.call('DELETE', '/api/v1/users/alice/roles/metrics', { token: server.admin });
      expect(await scopesOf(made.json.token)).toEqual(['admin:routes']);
      await server.call('PUT', '/api/v1/users/alice/roles/metrics', { token: server.admin });
      alice = await signIn('alice');
    });

    test('is changed by administrators only, and a shorter life or fewer scopes count at once', async () => {
      const made = await mint({ name: 'changing', scopes: ['write:sasquatch', 'read:machines'] });
      const path = `/api/v1/tokens/${made.json.details.id}`;
      expect((await server.call('PATCH', path, { token: alice, body: { scopes: [] } })).status).toBe(403);
      const changed = await server.call('PATCH', path, {
        token: server.admin,
        body: { scopes: ['read:machines'] },
      });
      expect(changed.json.scopes).toEqual(['read:machines']);
      expect(await guard(made.json.token, 'write:sasquatch')).toBe(403);
      const history = await server.call('GET', `${path}/history`, { token: alice });
      expect(history.json.items[0]).toMatchObject({
        action: 'edit',
        actor: 'admin',
        old_scopes: ['read:machines', 'write:sasquatch'],
        scopes: ['read:machines'],
      });
    });
  });

  describe('a service token', () => {
    test('is made by administrators for names that begin with bot-, with known scopes', async () => {
      const made = await post(
        '/api/v1/service-tokens',
        { username: 'bot-ci', scopes: ['write:sasquatch'] },
        alice,
      );
      expect(made.json).toMatchObject({ status: 403, required_scopes: ['admin:token'] });
      for (const username of ['ci', 'bot-', 'bot-Ci', 'bot--ci', 'bot-ci-']) {
        const refused = await post('/api/v1/service-tokens', { username, scopes: [], expires_in: '10d' });
        expect(refused.json, username).toMatchObject({ status: 400, code: 'invalid_request' });
      }
      const unknown = await post('/api/v1/service-tokens', {
        username: 'bot-ci',
        scopes: ['no:such'],
        expires_in: '1d',
      });
      expect(unknown.json.code).toBe('unknown_scope');
    });

    test('holds just its scopes, and none of them lets it make tokens', async () => {
      const body = { username: 'bot-metrics', scopes: ['write:sasquatch'], expires_in: '30d' };
      const made = await post('/api/v1/service-tokens', body);
      expect(await scopesOf(made.json.token)).toEqual(['write:sasquatch']);
      expect((await mint({ name: 'x' }, made.json.token)).json.code).toBe('insufficient_scope');
      const second = await post('/api/v1/service-tokens', body);
      expect(second.status).toBe(201);
    });
  });

  describe('users', () => {
    test('a disabled user is refused on every door until enabled again', async () => {
      const carol = await server.user('carol');
      await server.call('PATCH', '/api/v1/users/carol', { token: server.admin, body: { disabled: true } });
      expect((await server.call('GET', '/api/v1/me', { token: carol })).json.code).toBe('owner_disabled');
      await server.call('PATCH', '/api/v1/users/carol', { token: server.admin, body: { disabled: false } });
      expect((await server.call('GET', '/api/v1/me', { token: carol })).status).toBe(200);
    });

    test('a deleted user takes all tokens along', async () => {
      const dave = await server.user('dave');
      const personal = (await mint({ name: 'p' }, dave)).json.token;
      expect((await server.call('DELETE', '/api/v1/users/dave', { token: server.admin })).status).toBe(204);
      for (const token of [dave, personal])
        expect((await server.call('GET', '/api/v1/me', { token })).status).toBe(401);
      await server.user('dave');
      expect((await server.call('GET', '/api/v1/me', { token: personal })).status).toBe(401);
    });

    test('the last administrator can be neither deleted, disabled nor stripped', async () => {
      for (const [method, path, body] of [
        ['DELETE', '/api/v1/users/admin', undefined],
        ['PATCH', '/api/v1/users/admin', { disabled: true }],
        ['DELETE', '/api/v1/users/admin/roles/admin', undefined],
      ] as const) {
        const answer = await server.call(method, path, { token: server.admin, body });
        expect(answer.json, `${method} ${path}`).toMatchObject({ status: 409, code: 'last_administrator' });
      }
    });

    test.each(['', '-a', 'a b', 'a/b', 'é', `${'a'.repeat(65)}`, 'bot-x', 'ALICE'])(
      'cannot be named %j',
      async (username) => {
        const answer = await post('/api/v1/users', { username });
        expect([400, 409]).toContain(answer.status);
        expect(answer.json.errors[0].field).toBe('username');
      },
    );

    test('a role that is in use falls from users and tokens when it is deleted', async () => {
      await post('/api/v1/roles', { name: 'passing', scopes: ['read:connections'] });
      const erin = await server.user('erin', ['passing']);
      expect(await scopesOf(erin)).toContain('read:connections');
      expect((await server.call('DELETE', '/api/v1/roles/passing', { token: server.admin })).status).toBe(
        204,
      );
      expect(await scopesOf(erin)).toEqual(['user:token']);
    });

    test('the built-in roles and scopes cannot be changed; the administrator holds new scopes at once', async () => {
      for (const name of ['admin', 'user']) {
        const answer = await server.call('PATCH', `/api/v1/roles/${name}`, {
          token: server.admin,
          body: { scopes: [] },
        });
        expect(answer.json.code).toBe('immutable');
      }
      expect(
        (await server.call('DELETE', '/api/v1/scopes/admin:token', { token: server.admin })).json.code,
      ).toBe('immutable');
      await post('/api/v1/scopes', { name: 'brand:new', description: 'Just registered' });
      expect(await scopesOf(server.admin)).toContain('brand:new');
    });
  });

  test('lists page through everything once, newest first, and find by part of a name', async () => {
    const frank = await server.user('frank');
    for (let number = 0; number < 25; number++) {
      if (number % 10 === 0) now += 1000;
      await mint(
        {
          name: `token-${String(number).padStart(2, '0')}`,
          description: number === 7 ? 'the 100%_odd one' : '',
        },
        frank,
      );
    }
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const path: string = `/api/v1/tokens?limit=7${cursor ? `&cursor=${cursor}` : ''}`;
      const page: { items: { id: string; created_at: string }[]; next_cursor: string | null } = (
        await server.call('GET', path, { token: frank })
      ).json;
      seen.push(...page.items.map((item) => `${item.created_at} ${item.id}`));
      cursor = page.next_cursor;
    }
    expect(seen).toHaveLength(26);
    expect(new Set(seen).size).toBe(26);
    const found = await server.call('GET', `/api/v1/tokens?search=${encodeURIComponent('100%_ODD')}`, {
      token: frank,
    });
    expect(found.json.items.map((item: { name: string }) => item.name)).toEqual(['token-07']);
    const bad = await server.call('GET', '/api/v1/tokens?cursor=%27;drop', { token: frank });
    expect(bad.json).toMatchObject({ status: 400, code: 'invalid_request' });
  });
});
