import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/database.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

const MINUTE = 60_000;

describe.each(ENGINES)('on %s', (engine) => {
  let server: TestServer;
  let now = Date.now();
  beforeAll(async () => {
    server = await startTestServer({ engine, clock: () => now });
    await server.user('alice');
  });
  afterAll(() => server.close());

  const signIn = (
    username: string,
    password: string,
    headers: Record<string, string> = {},
    delivery = 'token',
  ) => server.call('POST', '/api/v1/sessions', { body: { username, password, delivery }, headers });

  test('the first administrator is made once, by the bootstrap secret only', async () => {
    const body = { username: 'second', password: PASSWORD };
    const again = await server.call('POST', '/api/v1/setup', { token: server.bootstrap, body });
    expect(again.json).toMatchObject({ status: 409, code: 'bootstrap_closed' });
    const byAdmin = await server.call('POST', '/api/v1/setup', { token: server.admin, body });
    expect(byAdmin.json).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await server.call('GET', '/api/v1/setup')).json).toEqual({ open: false });
    expect((await server.call('GET', '/api/v1/me', { token: server.bootstrap })).status).toBe(401);
  });

  test('signing out ends the session for good; a copied token is refused', async () => {
    const { token } = (await signIn('alice', PASSWORD)).json;
    expect((await server.call('DELETE', '/api/v1/sessions/current', { token })).status).toBe(204);
    expect((await server.call('GET', '/api/v1/me', { token })).json.code).toBe('token_revoked');
  });

  test('a cookie session needs the CSRF token for every change, and no script can read the cookie', async () => {
    const signedIn = await signIn('alice', PASSWORD, {}, 'cookie');
    expect(signedIn.json.token).toBeUndefined();
    const cookie = signedIn.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^tessera_session=tsr-[^;]+; Path=\/; HttpOnly; SameSite=Lax$/);
    const headers = { cookie: cookie.split(';')[0] ?? '' };
    const me = await server.call('GET', '/api/v1/me', { headers });
    expect(me.json).toMatchObject({ username: 'alice', csrf_token: signedIn.json.csrf_token });

    const create = (csrf: Record<string, string>) =>
      server.call('POST', '/api/v1/tokens', {
        headers: { ...headers, ...csrf },
        body: { name: `by cookie ${Object.values(csrf)}`.trim() },
      });
    expect((await create({})).json).toMatchObject({ status: 403, code: 'invalid_csrf' });
    expect((await create({ 'x-csrf-token': 'wrong' })).json.code).toBe('invalid_csrf');
    expect((await create({ 'x-csrf-token': signedIn.json.csrf_token })).status).toBe(201);

    const out = await server.call('DELETE', '/api/v1/sessions/current', {
      headers: { ...headers, 'x-csrf-token': me.json.csrf_token },
    });
    expect(out.status).toBe(204);
    expect(out.headers.get('set-cookie')).toContain('Max-Age=0');
    expect((await server.call('GET', '/api/v1/me', { headers })).status).toBe(401);
  });

  test('a foreign page cannot have a browser sign in here', async () => {
    const form = await server.call('POST', '/api/v1/sessions', {
      body: new URLSearchParams({ username: 'alice', password: PASSWORD, delivery: 'cookie' }),
    });
    expect(form.json).toMatchObject({ status: 415, code: 'unsupported_media_type' });
    expect(form.headers.get('set-cookie')).toBeNull();
    const foreign = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { origin: server.url, 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of foreign) {
      const answer = await signIn('alice', PASSWORD, headers, 'cookie');
      expect(answer.json, JSON.stringify(headers)).toMatchObject({ status: 403, code: 'forbidden' });
      expect(answer.headers.get('set-cookie')).toBeNull();
    }
    const own = { origin: server.url, 'sec-fetch-site': 'same-origin' };
    expect((await signIn('alice', PASSWORD, own, 'cookie')).status).toBe(201);
  });

  test('a wrong password, an unknown name and a disabled user answer alike', async () => {
    await server.user('gone');
    await server.call('PATCH', '/api/v1/users/gone', { token: server.admin, body: { disabled: true } });
    const answers = await Promise.all([
      signIn('alice', 'wrong password'),
      signIn('nobody', PASSWORD),
      signIn('gone', PASSWORD),
    ]);
    const bodies = answers.map(({ status, json: { request_id, ...rest } }) => ({ status, ...rest }));
    expect(bodies[0]).toMatchObject({ status: 401, code: 'bad_credentials' });
    expect(bodies[1]).toEqual(bodies[0]);
    expect(bodies[2]).toEqual(bodies[0]);
  });

  test('guessing is slowed down for the guesser and nobody else', async () => {
    const from = (address: string) => ({ 'x-forwarded-for': address });
    const victim = 'alice';
    for (let guess = 0; guess < 5; guess++) {
      expect((await signIn(victim, 'wrong password', from('203.0.113.7'))).json.code).toBe('bad_credentials');
    }
    const slowed = await signIn(victim, PASSWORD, from('203.0.113.7'));
    expect(slowed.json).toMatchObject({ status: 429, code: 'throttled' });
    expect(Number(slowed.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await signIn(victim, PASSWORD, from('203.0.113.8'))).status).toBe(201);
    const replica = await server.replica();
    const elsewhere = await replica.call('POST', '/api/v1/sessions', {
      body: { username: victim, password: PASSWORD },
      headers: from('203.0.113.7'),
    });
    expect(elsewhere.status).toBe(429);
    await replica.close();
    now += 20 * MINUTE;
    expect((await signIn(victim, PASSWORD, from('203.0.113.7'))).status).toBe(201);
  });

  test('guesses made at once are counted like guesses made one after the other', async () => {
    await server.user('ivan');
    const from = { 'x-forwarded-for': '203.0.113.60' };
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => signIn('ivan', 'wrong password', from)),
    );
    const statuses = answers.map((answer) => answer.status).sort();
    expect(statuses).toEqual([...Array(5).fill(401), ...Array(55).fill(429)]);
  });

  test('one name tried from many addresses of one IPv6 network is tried from one place', async () => {
    await server.user('judy');
    const from = (host: string) => ({ 'x-forwarded-for': `2001:db8:0:7:${host}` });
    for (let guess = 0; guess < 5; guess++)
      expect((await signIn('judy', 'wrong password', from(`${guess}::1`))).status).toBe(401);
    expect((await signIn('judy', PASSWORD, from('9::9'))).status).toBe(429);
    expect((await signIn('judy', PASSWORD, { 'x-forwarded-for': '2001:db8:0:8::1' })).status).toBe(201);
  });

  test('signing in rightly any number of times slows nobody down', async () => {
    const from = { 'x-forwarded-for': '203.0.113.61' };
    for (let time = 0; time < 52; time++) expect((await signIn('alice', PASSWORD, from)).status).toBe(201);
  });

  test('mistypings of many people behind one address, spread over days, never keep the others out', async () => {
    const from = { 'x-forwarded-for': '203.0.113.62' };
    for (let mistyping = 0; mistyping < 62; mistyping++) {
      expect((await signIn(`person-${mistyping}`, 'wrong password', from)).status).toBe(401);
      now += 2 * MINUTE;
    }
    expect((await signIn('alice', PASSWORD, from)).status).toBe(201);
  });

  test('one address trying many names is slowed down as well', async () => {
    for (let guess = 0; guess < 50; guess++)
      await signIn(`name-${guess}`, 'wrong password', { 'x-forwarded-for': '198.51.100.9' });
    const answer = await signIn('alice', PASSWORD, { 'x-forwarded-for': '198.51.100.9' });
    expect(answer.status).toBe(429);
    now += 61 * MINUTE;
    expect((await signIn('alice', 'wrong password', { 'x-forwarded-for': '198.51.100.9' })).status).toBe(401);
    expect((await signIn('alice', PASSWORD, { 'x-forwarded-for': '198.51.100.9' })).status).toBe(201);
  });

  test('changing a password with the old one is no way to guess it', async () => {
    const session = await server.user('kate');
    const narrow = await server.call('POST', '/api/v1/tokens', {
      token: session,
      body: { name: 'nothing', scopes: [] },
    });
    const put = (token: string, old_password: string) =>
      server.call('PUT', '/api/v1/users/kate/password', {
        token,
        body: { password: 'a completely new one', old_password },
        headers: { 'x-forwarded-for': '203.0.113.63' },
      });
    expect((await put(narrow.json.token, PASSWORD)).json).toMatchObject({
      status: 403,
      code: 'insufficient_scope',
      required_scopes: ['user:token'],
    });
    const guesses = await Promise.all(Array.from({ length: 8 }, () => put(session, 'wrong password')));
    expect(guesses.map((answer) => answer.status).sort()).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
    const slowed = await put(session, PASSWORD);
    expect(slowed.json).toMatchObject({ status: 429, code: 'throttled' });
    expect(Number(slowed.headers.get('retry-after'))).toBeGreaterThan(0);
    // The same count as for signing in.
    expect((await signIn('kate', PASSWORD, { 'x-forwarded-for': '203.0.113.63' })).status).toBe(429);
  });

  test('a bot is given no password', async () => {
    await server.call('POST', '/api/v1/service-tokens', {
      token: server.admin,
      body: { username: 'bot-mute', scopes: [] },
    });
    const answer = await server.call('PUT', '/api/v1/users/bot-mute/password', {
      token: server.admin,
      body: { password: 'a completely new one' },
    });
    expect(answer.json).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(answer.json.errors[0].field).toBe('username');
    expect((await signIn('bot-mute', 'a completely new one')).status).toBe(401);
  });

  test('a list of users says the roles of each', async () => {
    await server.user('laura', ['admin']);
    const listed = await server.call('GET', '/api/v1/users', { token: server.admin });
    const rolesOf = (username: string) =>
      listed.json.items
        .find((user: { username: string }) => user.username === username)
        .roles.map((grant: { role: string }) => grant.role);
    expect([rolesOf('laura'), rolesOf('alice')]).toEqual([['admin'], []]);
    const admins = await server.call('GET', '/api/v1/users?role=admin', { token: server.admin });
    expect(admins.json.items.map((user: { username: string }) => user.username)).toEqual(['laura', 'admin']);
  });

  test('a new password ends the sessions but not the personal tokens', async () => {
    const session = await server.user('henry');
    const personal = (await server.call('POST', '/api/v1/tokens', { token: session, body: { name: 'p' } }))
      .json.token;
    const put = (body: unknown, token = session) =>
      server.call('PUT', '/api/v1/users/henry/password', { token, body });
    expect((await put({ password: 'a completely new one' })).status).toBe(403);
    expect((await put({ password: 'a completely new one', old_password: 'no' })).json.code).toBe(
      'bad_credentials',
    );
    expect((await put({ password: 'short', old_password: PASSWORD })).json.errors[0].field).toBe('password');
    expect((await put({ password: 'a completely new one', old_password: PASSWORD })).status).toBe(204);
    expect((await server.call('GET', '/api/v1/me', { token: session })).json.code).toBe('token_revoked');
    expect((await server.call('GET', '/api/v1/me', { token: personal })).status).toBe(200);
    expect((await signIn('henry', PASSWORD)).status).toBe(401);
    expect((await signIn('henry', 'a completely new one')).status).toBe(201);
  });
});
