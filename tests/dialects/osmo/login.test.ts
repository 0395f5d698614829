import { createLocalJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../../support/database.ts';
import { PASSWORD, startTestServer, type TestServer } from '../../support/server.ts';
import { api, claimsOf, dayAfter, exchange, login, refusal, send, warningOf } from './client.ts';

const START = Date.UTC(2026, 7, 10, 9, 30, 15);

describe.each(ENGINES)('on %s', (engine) => {
  let server: TestServer;
  let now = START;
  let session: string;
  let pat: string;

  beforeAll(async () => {
    server = await startTestServer({ engine, clock: () => now });
    for (const name of ['zeta', 'alpha']) {
      await server.call('POST', '/api/v1/roles', { token: server.admin, body: { name, scopes: [] } });
    }
    session = await server.user('alice', ['zeta', 'alpha']);
    await server.call('PATCH', '/api/v1/users/alice', { token: server.admin, body: { name: 'Alice Ant' } });
    const path = `/api/auth/access_token/laptop?expires_at=${dayAfter(31, now)}`;
    pat = (await api(server, session, 'POST', path)).json;
  });
  afterAll(() => server.close());

  test('a token is traded for a JWT with the claims of the protocol, signed by a published key', async () => {
    const answer = await exchange(server, pat);
    const at = Math.floor(now / 1000);
    expect([answer.status, answer.json]).toEqual([200, { token: expect.any(String), expires_at: at + 300 }]);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.headers['cache-control']).toBe('no-store');
    const keys = await api(server, null, 'GET', '/api/auth/keys');
    expect([keys.status, keys.json]).toEqual([
      200,
      {
        keys: [
          expect.objectContaining({
            kty: 'RSA',
            kid: expect.any(String),
            n: expect.any(String),
            e: 'AQAB',
          }),
        ],
      },
    ]);
    for (const key of keys.json.keys) expect(key).not.toHaveProperty('d');
    const { payload, protectedHeader } = await jwtVerify(answer.json.token, createLocalJWKSet(keys.json), {
      issuer: server.url,
      audience: server.url,
      currentDate: new Date(now),
    });
    expect(protectedHeader).toMatchObject({ alg: 'RS256', kid: keys.json.keys[0].kid });
    expect(payload).toMatchObject({
      iss: server.url,
      aud: server.url,
      iat: at,
      nbf: at,
      exp: at + 300,
      unique_name: 'alice',
      name: 'Alice Ant',
      roles: ['alpha', 'zeta'],
      osmo_token_name: 'laptop',
    });
  });

  test('a token with white space around it is taken as its file is', async () => {
    expect((await exchange(server, `\n ${pat}\r\n`)).status).toBe(200);
  });

  test('an Authorization header, right or wrong, changes nothing about the exchange', async () => {
    for (const Authorization of ['Basic dXNlcjpwYXNz', `Bearer ${session}`, 'Bearer junk', 'nonsense']) {
      expect((await exchange(server, pat, { Authorization })).status).toBe(200);
      expect((await exchange(server, 'junk', { Authorization })).status).toBe(400);
    }
  });

  test('unknown, malformed, deleted and disabled tokens and JWTs get one and the same answer', async () => {
    const deleted = (
      await api(server, session, 'POST', `/api/auth/access_token/gone?expires_at=${dayAfter(9, now)}`)
    ).json;
    await api(server, session, 'DELETE', '/api/auth/access_token/gone');
    await server.user('mallory', ['zeta']);
    const disabled = (
      await api(
        server,
        server.admin,
        'POST',
        `/api/auth/user/mallory/access_token/t?expires_at=${dayAfter(9, now)}`,
      )
    ).json;
    await server.call('PATCH', '/api/v1/users/mallory', { token: server.admin, body: { disabled: true } });
    const unknown = `${pat.slice(0, -8)}${'0'.repeat(8)}`;
    const jwt = await login(server, pat);
    for (const token of ['', 'junk', 'x'.repeat(43), unknown, pat.slice(0, -1), deleted, disabled, jwt]) {
      const answer = await exchange(server, token);
      expect([answer.status, answer.json]).toEqual([400, refusal('The access token is not valid.')]);
    }
  });

  test('the refusal of a token that ran out is in the audit trail, under its owner', async () => {
    const path = `/api/auth/access_token/ending?expires_at=${dayAfter(1, now)}`;
    const ending = (await api(server, session, 'POST', path)).json;
    const before = now;
    now += 86_400_000;
    expect((await exchange(server, ending)).status).toBe(400);
    now = before;
    await expect
      .poll(
        async () => {
          const trail = await server.call('GET', '/api/v1/audit?action=request.refused', {
            token: server.admin,
          });
          return trail.json.items;
        },
        { interval: 50, timeout: 10_000 },
      )
      .toContainEqual(
        expect.objectContaining({
          actor: 'alice',
          path: '/api/auth/jwt/access_token',
          status: 400,
          detail: { reason: 'token_expired' },
        }),
      );
  });

  test('a body that is not the one asked for is refused with 400, and nothing of it is repeated', async () => {
    const secret = 'tsr-secret-looking-text';
    const json = { 'Content-Type': 'application/json' };
    for (const body of [
      '',
      '{',
      '[]',
      'null',
      '{}',
      '{"token":7}',
      `{"access_token":"${secret}"}`,
      `"${secret}"`,
    ]) {
      const answer = await send(
        server.url,
        'POST',
        '/api/auth/jwt/access_token',
        { ...json, 'Content-Length': String(body.length) },
        body,
      );
      expect([answer.status, answer.json]).toEqual([400, refusal(expect.any(String))]);
      expect(answer.text).not.toContain(secret);
    }
    const huge = await exchange(server, 'x'.repeat(100_000));
    expect([huge.status, huge.json]).toEqual([413, refusal(expect.any(String))]);
  });

  test('a secret in the address is refused, and its text is neither repeated nor logged', async () => {
    const answer = await api(server, null, 'GET', `/api/auth/jwt/access_token?access_token=${pat}`);
    expect([answer.status, answer.json]).toEqual([400, refusal(expect.stringContaining('POST'))]);
    expect(answer.text).not.toContain(pat);
    expect(server.logged.join('')).not.toContain(pat);
  });

  test('a JWT, the token itself, and the header of old clients are a login', async () => {
    const jwt = await login(server, pat);
    for (const headers of [
      { Authorization: `Bearer ${jwt}` },
      { Authorization: `Bearer ${pat}` },
      { Authorization: `bearer ${jwt}` },
      { 'x-osmo-auth': jwt },
    ]) {
      const answer = await api(server, null, 'GET', '/api/profile/settings', undefined, headers);
      expect([answer.status, answer.json?.profile?.username]).toEqual([200, 'alice']);
    }
    const both = await api(server, 'junk', 'GET', '/api/profile/settings', undefined, { 'x-osmo-auth': jwt });
    expect(both.status).toBe(401);
  });

  test.each([
    ['nothing', {}],
    ['junk', { Authorization: 'Bearer junk' }],
    ['Basic, as .netrc makes it', { Authorization: 'Basic dXNlcjpwYXNz' }],
    ['Basic with colons', { Authorization: 'Basic YTpiOmM=' }],
    ['another scheme', { Authorization: 'Negotiate abc' }],
    ['an empty bearer', { Authorization: 'Bearer' }],
    ['the name alone, as --method=dev sends', { 'x-osmo-user': 'admin' }],
    [
      'every header of the gateway',
      { 'x-osmo-user': 'admin', 'x-osmo-roles': 'admin', 'x-osmo-token-name': 't' },
    ],
  ])('%s is a plain 401 in the form of the protocol', async (_what, headers) => {
    const answer = await api(server, null, 'GET', '/api/auth/access_token', undefined, headers);
    expect([answer.status, answer.json]).toEqual([401, refusal(expect.any(String))]);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="127\.0\.0\.1"/);
  });

  test('headers that name somebody are not looked at beside a login', async () => {
    const answer = await api(server, await login(server, pat), 'GET', '/api/profile/settings', undefined, {
      'x-osmo-user': 'admin',
      'x-osmo-roles': 'admin',
      'x-osmo-token-name': 'other',
      'x-osmo-workflow-id': 'w',
      'x-osmo-allowed-pools': 'p',
    });
    expect(answer.json).toMatchObject({
      profile: { username: 'alice' },
      roles: ['alpha', 'zeta'],
      token: { name: 'laptop' },
    });
  });

  test.each(['', '6.4', '6.4.0.abc', 'junk', '999999999999999999999.0.0', '6.0.0'])(
    'the client version %j is no reason to refuse',
    async (version) => {
      const answer = await api(server, pat, 'GET', '/api/profile/settings', undefined, {
        'x-osmo-client-version': version,
      });
      expect(answer.status).toBe(200);
    },
  );

  test('a JWT is good up to a minute past its end, for clients whose clocks are behind', async () => {
    const jwt = await login(server, pat);
    const before = now;
    try {
      now = before + 330_000;
      expect((await api(server, jwt, 'GET', '/api/profile/settings')).status).toBe(200);
      now = before + 361_000;
      expect((await api(server, jwt, 'GET', '/api/profile/settings')).status).toBe(401);
    } finally {
      now = before;
    }
  });

  test('a JWT of a deleted token is refused at once on another process too', async () => {
    const replica = await server.replica();
    try {
      const path = '/api/auth/access_token/doomed';
      const token = (await api(server, session, 'POST', `${path}?expires_at=${dayAfter(9, now)}`)).json;
      const jwt = await login(replica, token);
      expect((await api(replica, jwt, 'GET', '/api/profile/settings')).status).toBe(200);
      await api(server, session, 'DELETE', path);
      const here = await api(server, jwt, 'GET', '/api/profile/settings');
      expect([here.status, here.json]).toEqual([401, refusal(expect.any(String))]);
      await expect
        .poll(async () => (await api(replica, jwt, 'GET', '/api/profile/settings')).status, { interval: 20 })
        .toBe(401);
    } finally {
      await replica.close();
    }
  });

  test('whoever is logged in with a token of which seven days are left is told its date', async () => {
    const make = async (days: number) =>
      (
        await api(
          server,
          session,
          'POST',
          `/api/auth/access_token/d${days}?expires_at=${dayAfter(days, now)}`,
        )
      ).json;
    const [soon, later] = [await make(7), await make(8)];
    for (const credential of [soon, await login(server, soon)]) {
      const answer = await api(server, credential, 'GET', '/api/auth/access_token');
      expect(warningOf(answer)).toContain(dayAfter(7, now));
      expect(warningOf(answer)).toContain("'d7'");
      const refused = await api(server, credential, 'GET', '/api/auth/user');
      expect(refused.status).toBe(403);
      expect(warningOf(refused)).toContain(dayAfter(7, now));
    }
    expect(warningOf(await api(server, later, 'GET', '/api/auth/access_token'))).toBeNull();
    expect(warningOf(await api(server, session, 'GET', '/api/auth/access_token'))).toBeNull();
    const both = warningOf(await api(server, soon, 'POST', '/api/profile/settings', { profile: {} }));
    expect(both?.split('\n')).toEqual([
      expect.stringContaining('ends on'),
      expect.stringContaining('not kept'),
    ]);
  });

  test('the profile says who is logged in, with which token and which of its roles', async () => {
    const answer = await api(server, await login(server, pat), 'GET', '/api/profile/settings');
    expect([answer.status, answer.json]).toEqual([
      200,
      {
        profile: { username: 'alice', email_notification: false, slack_notification: false, pool: null },
        roles: ['alpha', 'zeta'],
        pools: [],
        token: { name: 'laptop', expires_at: `${dayAfter(31, START)}T00:00:00` },
      },
    ]);
    const set = await api(server, pat, 'POST', '/api/profile/settings', { profile: { pool: 'p' } });
    expect([set.status, set.text]).toEqual([200, 'null']);
  });

  test('the version is open, and so is the information about logins, all six fields null', async () => {
    const version = await api(server, null, 'GET', '/api/version');
    expect([version.status, version.json]).toEqual([
      200,
      { major: '6', minor: '4', revision: '0', hash: '' },
    ]);
    const info = await send(server.url, 'GET', '/api/auth/login', { 'User-Agent': 'python-requests/2.32.5' });
    expect([info.status, info.json]).toEqual([
      200,
      {
        device_endpoint: null,
        device_client_id: null,
        browser_endpoint: null,
        browser_client_id: null,
        token_endpoint: null,
        logout_endpoint: null,
      },
    ]);
  });

  test('the exchange counts as use of the token', async () => {
    const replica = await server.replica();
    await login(replica, pat);
    // A process that ends writes what it has gathered.
    await replica.close();
    const list = await server.call('GET', '/api/v1/tokens?search=laptop', { token: session });
    expect(list.json.items[0]).toMatchObject({ last_used_on: 'osmo', last_used_address: '127.0.0.1' });
  });
});

describe('over TLS in front, with name and password', () => {
  let server: TestServer;
  let now = START;

  beforeAll(async () => {
    server = await startTestServer({
      clock: () => now,
      environment: { TESSERA_PUBLIC_URL: 'https://tessera.example.com' },
    });
    await server.call('POST', '/api/v1/roles', { token: server.admin, body: { name: 'alpha', scopes: [] } });
    await server.user('alice', ['alpha']);
  });
  afterAll(() => server.close());

  const grant = (form: Record<string, string>) => {
    const body = new URLSearchParams(form).toString();
    return send(
      server.url,
      'POST',
      '/api/auth/token',
      {
        'Content-Type': 'application/x-www-form-urlencoded',
        'Content-Length': String(Buffer.byteLength(body)),
      },
      body,
    );
  };

  test('the endpoint is published, gives a JWT and what refreshes it, until the session is revoked', async () => {
    const info = await send(server.url, 'GET', '/api/auth/login', {});
    expect(info.json.token_endpoint).toBe('https://tessera.example.com/api/auth/token');
    const given = await grant({
      client_id: 'None',
      username: 'alice',
      password: PASSWORD,
      grant_type: 'password',
      scope: 'openid offline_access profile',
    });
    expect([given.status, given.json]).toEqual([
      200,
      {
        id_token: expect.any(String),
        refresh_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 300,
      },
    ]);
    const claims = claimsOf(given.json.id_token);
    expect(claims).toMatchObject({ unique_name: 'alice', name: 'alice', roles: ['alpha'] });
    expect(claims).not.toHaveProperty('osmo_token_name');
    const { refresh_token } = given.json;
    const profile = await api(server, given.json.id_token, 'GET', '/api/profile/settings');
    expect(profile.json).toMatchObject({ roles: ['alpha'], token: null });

    now += 300_000;
    const refreshed = await grant({ grant_type: 'refresh_token', refresh_token, client_id: 'None' });
    expect(refreshed.status).toBe(200);
    expect(claimsOf(refreshed.json.id_token).exp).toBe(Math.floor(now / 1000) + 300);

    await server.call('DELETE', '/api/v1/sessions/current', { token: refresh_token });
    const ended = await grant({ grant_type: 'refresh_token', refresh_token });
    expect([ended.status, ended.json.error]).toEqual([400, 'invalid_grant']);
  });

  test.each([
    [{ grant_type: 'password', username: 'alice', password: 'wrong' }, 'invalid_grant'],
    [{ grant_type: 'password', username: 'nobody', password: PASSWORD }, 'invalid_grant'],
    [{ grant_type: 'password' }, 'invalid_grant'],
    [{ grant_type: 'refresh_token', refresh_token: 'junk' }, 'invalid_grant'],
    [{ grant_type: 'refresh_token' }, 'invalid_grant'],
    [{ grant_type: 'authorization_code', code: 'x' }, 'unsupported_grant_type'],
  ])('%j is refused as %s in both forms of errors', async (form, error) => {
    const answer = await grant(form as Record<string, string>);
    const message = answer.json.message;
    expect([answer.status, answer.json]).toEqual([
      400,
      { error, error_description: message, ...refusal(expect.any(String)) },
    ]);
    expect(answer.text).not.toContain(PASSWORD);
  });

  test('guessing is slowed down', async () => {
    const guess = () => grant({ grant_type: 'password', username: 'alice', password: 'guess' });
    for (let count = 0; count < 5; count++) await guess();
    const slowed = await guess();
    expect([slowed.status, slowed.json]).toMatchObject([429, { error_code: 'USER' }]);
    expect(Number(slowed.headers['retry-after'])).toBeGreaterThan(0);
  });
});
