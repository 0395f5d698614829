import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/database.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const MINUTE = 60_000;
const GUARDED = { 'x-original-url': 'https://app.example.com/place', 'x-original-method': 'GET' };

interface Row {
  readonly actor: string;
  readonly route: string | null;
  readonly method: string | null;
  readonly path: string | null;
  readonly status: number | null;
  readonly address: string;
  readonly detail: { readonly reason: string; readonly repeated?: number };
}

describe.each(ENGINES)('on %s', (engine) => {
  let server: TestServer;
  let now = Date.now();
  beforeAll(async () => {
    server = await startTestServer({ engine, clock: () => now });
  });
  afterAll(() => server.close());

  /** Newest first. */
  const rows = async (query: string): Promise<Row[]> =>
    (await server.call('GET', `/api/v1/audit?limit=1000&${query}`, { token: server.admin })).json.items;
  const mint = async (token: string, body: Record<string, unknown>) =>
    (await server.call('POST', '/api/v1/tokens', { token, body })).json;

  test('a guard refusal repeated at will is two rows a minute, with the number of the rest', async () => {
    const mallory = await server.user('mallory');
    for (let time = 0; time < 30; time++) {
      await server.call('GET', '/ingress/auth?scope=admin:token&service=app', {
        token: mallory,
        headers: { ...GUARDED, 'x-original-url': `https://app.example.com/${time}` },
      });
    }
    expect(await rows('action=guard.refused&actor=mallory')).toHaveLength(1);
    now += MINUTE;
    const [rest, first, ...more] = await rows('action=guard.refused&actor=mallory');
    expect(more).toEqual([]);
    expect(first).toMatchObject({ route: 'app', status: 403, path: '/0' });
    expect(rest).toMatchObject({ route: 'app', status: 403, detail: { repeated: 29 } });
  });

  test('somebody who is slowed down does not fill the trail with it', async () => {
    const from = { 'x-forwarded-for': '203.0.113.90' };
    for (let guess = 0; guess < 40; guess++) {
      const body = { username: 'admin', password: 'wrong password' };
      await server.call('POST', '/api/v1/sessions', { body, headers: from });
    }
    now += MINUTE;
    const all = await rows('action=session.refused');
    const here = all.filter((row) => row.address === '203.0.113.90');
    expect(here.map(({ detail }) => [detail.reason, detail.repeated]).sort()).toEqual([
      ['bad_credentials', undefined],
      ['bad_credentials', 4],
      ['throttled', undefined],
      ['throttled', 34],
    ]);
  });

  test('a good token that is over is noted wherever it is shown', async () => {
    const alice = await server.user('alice');
    const made = await mint(alice, { name: 'over' });
    await server.call('DELETE', `/api/v1/tokens/${made.details.id}`, { token: alice });
    await server.call('GET', `/api/v1/tokens/${made.token}`, { token: made.token });
    await server.call('GET', '/auth/api/v1/token-info', { token: made.token });
    await server.call('GET', '/api/auth/access_token', { token: made.token });
    await server.call('POST', '/oauth/token', {
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: made.token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      }),
    });
    await server.call('POST', '/oauth/introspect', {
      token: made.token,
      body: new URLSearchParams({ token: 'x' }),
    });
    now += MINUTE;
    const found = await rows(`action=request.refused&token=${made.details.id}`);
    const places = found.map(({ route, detail }) => `${route} ${detail.reason}`);
    expect(new Set(places)).toEqual(
      new Set(['api token_revoked', 'osmo token_revoked', 'oauth token_revoked']),
    );
    // What stood in the address was a secret; the pattern of the route is none.
    expect(found.find(({ path }) => path?.startsWith('/api/v1/'))?.path).toBe('/api/v1/tokens/:id');
    expect(JSON.stringify(found)).not.toContain(made.token);
  });

  test('a good token that asks for more than it holds is noted with what it lacked', async () => {
    const bob = await server.user('bob');
    const secret = await mint(bob, { name: 'narrow', scopes: ['user:token'] });
    expect((await server.call('GET', '/api/v1/users', { token: bob })).status).toBe(403);
    expect((await server.call('POST', '/auth/api/v1/tokens', { token: bob, body: {} })).status).toBe(403);
    expect((await server.call('GET', '/api/auth/user', { token: bob })).status).toBe(403);
    const wider = await server.call('POST', '/api/v1/tokens', {
      token: secret.token,
      body: { name: 'wider', scopes: ['admin:token'] },
    });
    expect(wider.status).toBe(403);
    const cookie = { cookie: `tessera_session=${bob}` };
    await server.call('POST', '/api/v1/tokens', { headers: cookie, body: { name: 'forged' } });
    const found = await rows('action=request.refused&actor=bob');
    expect(found.map(({ route, method, detail }) => `${method} ${route} ${detail.reason}`).sort()).toEqual([
      'GET api insufficient_scope',
      'GET osmo insufficient_scope',
      'POST api invalid_csrf',
      'POST api scope_not_held',
    ]);
    expect(found.find(({ route, method }) => route === 'api' && method === 'GET')).toMatchObject({
      path: '/api/v1/users',
      status: 403,
      detail: { scopes: expect.arrayContaining(['admin:token']) },
    });
    now += MINUTE;
    const [rest] = await rows('action=request.refused&actor=bob');
    expect(rest).toMatchObject({ path: '/auth/api/v1/tokens', detail: { repeated: 1 } });
  });

  test('exchanges and the ends of sessions are noted', async () => {
    const carol = await server.user('carol');
    const exchanged = await server.call('POST', '/oauth/token', {
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: carol,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        scope: 'user:token',
      }),
    });
    expect(exchanged.status).toBe(200);
    const [exchange] = await rows('action=token.exchanged');
    expect(exchange).toMatchObject({ actor: 'carol', detail: { scopes: ['user:token'] } });
    expect(JSON.stringify(exchange)).not.toContain(exchanged.json.access_token);
    await server.call('DELETE', '/api/v1/sessions/current', { token: carol });
    const [end] = await rows('action=session.ended');
    expect(end).toMatchObject({ actor: 'carol', detail: { owner: 'carol', type: 'session' } });
  });

  test('what found no room in the trail would be counted', async () => {
    expect((await server.call('GET', '/metrics')).text).toMatch(/^tessera_audit_dropped_total 0$/m);
  });
});
