import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/database.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

/** Ways in which a token, or what is made from it, might become more than it was given. */
const GUARDED = { 'x-original-url': 'https://app.example.com/', 'x-original-method': 'GET' };
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

describe.each(ENGINES)('on %s', (engine) => {
  let server: TestServer;
  let alice: string;
  beforeAll(async () => {
    server = await startTestServer({ engine });
    await admin('POST', '/api/v1/roles', { name: 'metrics', scopes: ['write:sasquatch'] });
    alice = await server.user('alice', ['metrics']);
  });
  afterAll(() => server.close());

  const admin = (method: string, path: string, body?: unknown) =>
    server.call(method, path, { token: server.admin, body });
  const mint = (token: string, body: Record<string, unknown>, at = server) =>
    at.call('POST', '/api/v1/tokens', { token, body });
  const me = (token: string, at = server) => at.call('GET', '/api/v1/me', { token });
  const exchange = (subject: string, more: Record<string, string> = {}) =>
    server.call('POST', '/oauth/token', {
      body: new URLSearchParams({
        grant_type: EXCHANGE,
        subject_token: subject,
        subject_token_type: ACCESS_TOKEN,
        ...more,
      }),
    });
  const guard = (token: string, query: string) =>
    server.call('GET', `/ingress/auth?${query}`, { token, headers: GUARDED });

  test('a role lost while the request waits is not turned into a lasting grant', async () => {
    const bob = await server.user('bob', ['metrics']);
    const replica = await server.replica();
    expect((await me(bob, replica)).json.scopes).toContain('write:sasquatch');
    for (let round = 0; round < 5; round++) {
      await admin('PUT', '/api/v1/users/bob/roles/metrics');
      const session = (
        await server.call('POST', '/api/v1/sessions', { body: { username: 'bob', password: PASSWORD } })
      ).json.token;
      // The grant has to reach the other process first: what is raced is the loss of it.
      await expect
        .poll(async () => (await me(session, replica)).json.scopes, { interval: 10, timeout: 5_000 })
        .toContain('write:sasquatch');
      const [made] = await Promise.all([
        mint(session, { name: `race ${round}`, scopes: ['write:sasquatch'] }, replica),
        admin('DELETE', '/api/v1/users/bob/roles/metrics'),
      ]);
      if (made.status === 201) expect((await me(made.json.token)).json.scopes).toEqual([]);
      else expect(made.json.code).toBe('scope_not_held');
    }
    await replica.close();
  });

  test('a token revoked on one process makes nothing on another, not even at once', async () => {
    const replica = await server.replica();
    for (let round = 0; round < 5; round++) {
      const made = (await mint(alice, { name: `short-lived ${round}` })).json;
      expect((await me(made.token, replica)).status).toBe(200);
      await server.call('DELETE', `/api/v1/tokens/${made.details.id}`, { token: alice });
      expect((await mint(made.token, { name: `after ${round}` }, replica)).status).toBe(401);
    }
    await replica.close();
  });

  test('an access JWT made out to somebody else opens nothing here', async () => {
    const foreign = (await exchange(alice, { audience: 'https://other.example' })).json.access_token;
    expect((await me(foreign)).status).toBe(401);
    expect((await guard(foreign, 'scope=write:sasquatch')).status).toBe(401);
  });

  test('an access JWT cannot prolong itself, nor ask for a delegated token', async () => {
    const jwt = (await exchange(alice)).json.access_token;
    expect((await exchange(jwt)).json).toMatchObject({ error: 'invalid_request' });
    for (const query of ['notebook=true', 'delegate_to=app&delegate_scope=write:sasquatch']) {
      expect((await guard(jwt, query)).json.detail[0]).toMatchObject({ type: 'insufficient_scope' });
    }
    expect((await guard(jwt, 'scope=write:sasquatch')).status).toBe(200);
  });

  test('introspection of a JWT tells its own end', async () => {
    const { access_token, expires_in } = (await exchange(alice)).json;
    const answer = await server.call('POST', '/oauth/introspect', {
      token: alice,
      body: new URLSearchParams({ token: access_token }),
    });
    const left = answer.json.exp - Math.floor(Date.now() / 1000);
    expect(left).toBeLessThanOrEqual(expires_in + 1);
    expect(answer.json.aud).toBe(server.url);
  });

  test('a token narrowed to scopes carries no role whole, so what it makes does not grow with one', async () => {
    const narrow = (await mint(alice, { name: 'narrow', scopes: ['user:token', 'write:sasquatch'] })).json
      .token;
    const jwt = (await exchange(alice, { scope: 'user:token write:sasquatch' })).json.access_token;
    for (const [name, token] of [
      ['token', narrow],
      ['jwt', jwt],
    ] as const) {
      expect((await me(token)).json.roles).toEqual([]);
      const byRole = await mint(token, { name: `role by ${name}`, roles: ['metrics'] });
      expect(byRole.json).toMatchObject({ status: 403, code: 'scope_not_held' });
      const child = (await mint(token, { name: `child of ${name}` })).json;
      expect((await me(child.token)).json.scopes).toEqual(['user:token', 'write:sasquatch']);
      await admin('PATCH', '/api/v1/roles/metrics', { scopes: ['write:sasquatch', 'read:machines'] });
      expect((await me(child.token)).json.scopes).toEqual(['user:token', 'write:sasquatch']);
      await admin('PATCH', '/api/v1/roles/metrics', { scopes: ['write:sasquatch'] });
    }
  });

  test('a delegated token makes, without a wish, a token as wide as itself', async () => {
    const delegated = await guard(alice, 'notebook=true');
    const notebook = delegated.headers.get('x-auth-request-token') ?? '';
    const child = (await mint(notebook, { name: 'from a notebook' })).json;
    expect((await me(child.token)).json.scopes).toEqual((await me(notebook)).json.scopes);
  });

  test('a scope taken out of the registry opens nothing any more', async () => {
    await admin('POST', '/api/v1/scopes', { name: 'soon:gone', description: 'x' });
    const bot = (
      await admin('POST', '/api/v1/service-tokens', { username: 'bot-gone', scopes: ['soon:gone'] })
    ).json.token;
    expect((await guard(bot, 'scope=soon:gone')).status).toBe(200);
    await admin('DELETE', '/api/v1/scopes/soon:gone');
    expect((await guard(bot, 'scope=soon:gone')).status).toBe(403);
  });

  test('a dead token is not brought back by a change, also when its name is used again', async () => {
    let now = Date.now();
    const clocked = await startTestServer({ engine, clock: () => now });
    const old = await clocked.call('POST', '/api/v1/tokens', {
      token: clocked.admin,
      body: { name: 'n', expires_in: '5m' },
    });
    now += 6 * 60_000;
    await clocked.call('POST', '/api/v1/tokens', { token: clocked.admin, body: { name: 'n' } });
    const path = `/api/v1/tokens/${old.json.details.id}`;
    const changed = await clocked.call('PATCH', path, { token: clocked.admin, body: { expires_in: '1d' } });
    expect(changed.json).toMatchObject({ status: 409, code: 'immutable' });
    await clocked.close();
  });

  test.each([
    ['scope=%E2%82%AC', 422],
    ['scope=%0a', 422],
    ['scope=%0d%0aX-Injected:%201', 422],
    ['scope=%22,%20error=%22none', 422],
    ['service=%E2%82%AC', 422],
    ['delegate_to=%0a', 422],
    ['username=%E2%82%AC', 403],
    ['only_service=%0a', 403],
  ])('a guard asked with %s answers and lives on', async (query, status) => {
    expect((await guard(alice, query)).status).toBe(status);
    expect((await server.call('GET', '/health')).status).toBe(200);
  });
});
