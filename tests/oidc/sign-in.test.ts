import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { browser, CLIENT, type IdentityProvider, startIdentityProvider } from './identity-provider.ts';

const FOLDER = '/api/v1/sessions/oidc';

describe.each(ENGINES)('on %s', (engine) => {
  let idp: IdentityProvider;
  let server: TestServer;
  let now = Date.now();

  beforeAll(async () => {
    // The public address is fixed beforehand: the provider must know where it sends browsers back to.
    const publicUrl = `http://localhost:${await freePort()}`;
    idp = await startIdentityProvider([`${publicUrl}${FOLDER}/callback`]);
    server = await startTestServer({
      engine,
      clock: () => now,
      environment: {
        TESSERA_PUBLIC_URL: publicUrl,
        TESSERA_OIDC_ISSUER: idp.issuer,
        TESSERA_OIDC_CLIENT_ID: CLIENT.id,
        TESSERA_OIDC_CLIENT_SECRET: CLIENT.secret,
        TESSERA_OIDC_LABEL: 'Sign in with the house',
        TESSERA_OIDC_ROLES: 'cn=ops,dc=example=operator; staff=user; chiefs=admin; ghosts=absent',
      },
    });
    const role = await server.call('POST', '/api/v1/roles', {
      token: server.admin,
      body: { name: 'operator', scopes: ['read:machines', 'write:machines'] },
    });
    expect(role.status).toBe(201);
  });
  afterAll(async () => {
    await server.close();
    await idp.stop();
  });
  beforeEach(() => {
    idp.denies = false;
    idp.lie = null;
  });

  const OPS = 'cn=ops,dc=example';
  function person(sub: string, username: string, groups: unknown = ['staff'], more: object = {}): void {
    idp.who = { sub, claims: { preferred_username: username, groups, ...more } };
  }

  // The public address is the provider's business; here it leads to the socket that the test server listens on.
  const here = (address: string): string => {
    const url = new URL(address);
    return url.hostname === 'localhost' ? server.url + url.pathname + url.search : address;
  };

  /** Until the provider sends the browser back: the address with code and state, not visited yet. */
  async function atTheDoor(web = browser(), returnTo?: string): Promise<string> {
    const search = returnTo === undefined ? '' : `?${new URLSearchParams({ return_to: returnTo })}`;
    const begun = await web.visit(`${server.url}${FOLDER}/login${search}`);
    expect(begun.status).toBe(302);
    const address = await web.follow(begun.headers.get('location') ?? '', (at) => at.includes('/callback'));
    return here(address);
  }

  async function signIn(web = browser(), returnTo?: string) {
    const answer = await web.visit(await atTheDoor(web, returnTo));
    return {
      location: answer.headers.get('location') ?? '',
      session: web.cookiesFor(server.url).get('tessera_session'),
    };
  }

  async function refusalOf(address: string, web: ReturnType<typeof browser>) {
    const answer = await web.visit(address, 'application/json');
    const json = (await answer.json()) as { code: string; errors: { field: string }[]; detail: string };
    return { status: answer.status, code: json.code, check: json.errors?.[0]?.field, detail: json.detail };
  }

  const me = async (session: string | undefined) =>
    (await server.call('GET', '/api/v1/me', { headers: { cookie: `tessera_session=${session}` } })).json;

  async function auditOf(action: string) {
    const rows = await server.call('GET', `/api/v1/audit?action=${action}`, { token: server.admin });
    return rows.json.items as { actor: string; subject: string; detail: Record<string, unknown> }[];
  }

  test('the ways to sign in are told to everybody', async () => {
    expect((await server.call('GET', '/api/v1/sessions/methods')).json).toEqual({
      password: true,
      provider: { label: 'Sign in with the house', login_path: `${FOLDER}/login` },
    });
  });

  test('a person of a mapped group is made a user at the first sign-in, with the roles of the groups', async () => {
    person('sub-erika', 'erika', [OPS, 'staff', 'ghosts', 'elsewhere'], {
      name: 'Erika M',
      email: 'e@example.com',
    });
    const { location, session } = await signIn(undefined, '/tokens?state=live');
    expect(location).toBe('/tokens?state=live');
    const who = await me(session);
    expect(who).toMatchObject({
      username: 'erika',
      roles: ['operator', 'user'],
      user: {
        name: 'Erika M',
        email: 'e@example.com',
        has_password: false,
        created_by: '<oidc>',
        identity: { issuer: idp.issuer, subject: 'sub-erika' },
        roles: [{ role: 'operator', granted_by: '<oidc>' }],
      },
    });
    expect(who.scopes).toContain('write:machines');
    const [granted] = await auditOf('role.granted');
    expect(granted).toMatchObject({
      actor: '<oidc>',
      subject: 'erika',
      detail: { role: 'operator', group: OPS },
    });
    const [created] = await auditOf('user.created');
    expect(created).toMatchObject({ actor: '<oidc>', subject: 'erika', detail: { subject: 'sub-erika' } });
  });

  test('a group lost takes its role at the next sign-in, and tokens shrink at once and for good', async () => {
    person('sub-lost', 'lost', [OPS]);
    const first = await signIn();
    const csrf = (await me(first.session)).csrf_token;
    const made = await server.call('POST', '/api/v1/tokens', {
      headers: { cookie: `tessera_session=${first.session}`, 'x-csrf-token': csrf },
      body: { name: 'machine room' },
    });
    const token: string = made.json.token;
    const scopesNow = async () => (await server.call('GET', '/api/v1/me', { token })).json.scopes as string[];
    expect(await scopesNow()).toContain('write:machines');

    person('sub-lost', 'lost', ['staff']);
    const second = await signIn();
    expect((await me(second.session)).roles).toEqual(['user']);
    expect(await scopesNow()).not.toContain('write:machines');
    expect(await scopesNow()).toContain('user:token');
    expect((await me(first.session)).roles).toEqual(['user']);
    expect((await auditOf('role.withdrawn'))[0]).toMatchObject({ actor: '<oidc>', subject: 'lost' });

    person('sub-lost', 'lost', [OPS]);
    expect((await me((await signIn()).session)).roles).toEqual(['operator', 'user']);
    expect(await scopesNow()).not.toContain('write:machines');
  });

  test('a role given by hand stays when the group goes, also one that the group had given before', async () => {
    person('sub-hand', 'hand', [OPS]);
    await signIn();
    const given = await server.call('PUT', '/api/v1/users/hand/roles/operator', { token: server.admin });
    expect(given.json).toMatchObject({ granted_by: 'admin' });
    person('sub-hand', 'hand', []);
    expect((await me((await signIn()).session)).roles).toEqual(['operator', 'user']);
  });

  test('the last administrator keeps the role, and the trail says why', async () => {
    person('sub-chief', 'chief', ['chiefs']);
    const chief = await signIn();
    expect((await me(chief.session)).roles).toContain('admin');
    await server.call('PATCH', '/api/v1/users/admin', { token: server.admin, body: { disabled: true } });
    person('sub-chief', 'chief', ['staff']);
    const again = await signIn();
    expect((await me(again.session)).roles).toContain('admin');
    const csrf = (await me(again.session)).csrf_token;
    const headers = { cookie: `tessera_session=${again.session}`, 'x-csrf-token': csrf };
    await server.call('PATCH', '/api/v1/users/admin', { headers, body: { disabled: false } });
    expect((await auditOf('role.kept'))[0]).toMatchObject({
      subject: 'chief',
      detail: { role: 'admin', reason: 'last_administrator' },
    });
    expect((await me((await signIn()).session)).roles).toEqual(['user']);
  });

  test('a person of no mapped group is told so, and no user is made', async () => {
    person('sub-stranger', 'stranger', ['elsewhere']);
    const web = browser();
    expect(await refusalOf(await atTheDoor(web), web)).toMatchObject({ status: 403, check: 'not_admitted' });
    expect((await server.call('GET', '/api/v1/users/stranger', { token: server.admin })).status).toBe(404);
  });

  test('a local user of that name, in any spelling, is not taken over; an administrator may link them', async () => {
    await server.user('Frank');
    person('sub-frank', 'frank');
    const web = browser();
    const refusal = await refusalOf(await atTheDoor(web), web);
    expect(refusal).toMatchObject({ status: 409, code: 'name_taken', check: 'name_taken' });
    const [row] = await auditOf('session.refused');
    expect(row?.detail).toMatchObject({ by: 'oidc', check: 'name_taken', subject: 'sub-frank' });

    const link = (username: string, subject: string, token = server.admin) =>
      server.call('PUT', `/api/v1/users/${username}/identity`, { token, body: { subject } });
    expect((await link('Frank', 'sub-frank', await server.user('nobody'))).status).toBe(403);
    expect((await link('Frank', 'sub-frank')).json).toMatchObject({ identity: { subject: 'sub-frank' } });
    expect((await link('nobody', 'sub-frank')).json).toMatchObject({ status: 409, code: 'conflict' });
    const { session } = await signIn();
    expect(await me(session)).toMatchObject({ username: 'Frank' });

    await server.call('DELETE', '/api/v1/users/Frank/identity', { token: server.admin });
    expect((await me(session)).code).toBe('token_revoked');
    expect(await refusalOf(await atTheDoor(web), web)).toMatchObject({ check: 'name_taken' });
  });

  test('a new name at the provider changes nothing here: the account is the same', async () => {
    person('sub-gerd', 'gerd');
    await signIn();
    person('sub-gerd', 'admin');
    expect(await me((await signIn()).session)).toMatchObject({ username: 'gerd', roles: ['user'] });
  });

  test('a disabled user stays out', async () => {
    person('sub-heidi', 'heidi');
    await signIn();
    await server.call('PATCH', '/api/v1/users/heidi', { token: server.admin, body: { disabled: true } });
    const web = browser();
    expect(await refusalOf(await atTheDoor(web), web)).toMatchObject({ check: 'disabled' });
  });

  test.each([
    ['an empty name', '', 'claims'],
    ['no name', undefined, 'claims'],
    ['a name that is a number', 7, 'claims'],
    ['a name with markup', '<img src=x onerror=alert(1)>', 'username'],
    ['a name that is a path', '../admin', 'username'],
    ['a name with a null', 'ad\u0000min', 'username'],
    ['a look-alike name', '\u0430dmin', 'username'],
    ['the name of a bot', 'bot-metrics', 'username'],
    ['the name that stands for Tessera itself', '<internal>', 'username'],
    ['a name of 65 characters', 'x'.repeat(65), 'username'],
  ])('%s is refused', async (_what, name, check) => {
    idp.who = { sub: 'sub-hostile', claims: { preferred_username: name, groups: ['staff'] } };
    const web = browser();
    expect(await refusalOf(await atTheDoor(web), web)).toMatchObject({ status: 403, check });
  });

  test.each([
    ['an object', { staff: true }],
    ['a list with a number', ['staff', 1]],
    ['a list in a list', [['chiefs']]],
    ['thousands', Array.from({ length: 2001 }, (_, at) => `g${at}`)],
  ])('groups as %s are refused', async (_what, groups) => {
    person('sub-groups', 'groups', groups);
    const web = browser();
    expect(await refusalOf(await atTheDoor(web), web)).toMatchObject({ check: 'claims' });
  });

  test('full names and addresses with control characters, or of any length, are not taken', async () => {
    person('sub-ivan', 'ivan', ['staff'], {
      name: 'I\u001b[31mvan',
      email: `${'x'.repeat(300)}@example.com`,
    });
    expect((await me((await signIn()).session)).user).toMatchObject({ name: null, email: null });
  });

  test('an answer without a sign-in begun in this browser is refused, also with a code that is good', async () => {
    person('sub-judy', 'judy');
    const door = await atTheDoor();
    const stranger = browser();
    expect(await refusalOf(door, stranger)).toMatchObject({ status: 403, check: 'state' });
    await atTheDoor(stranger);
    expect(await refusalOf(door, stranger)).toMatchObject({ check: 'state' });
    expect(await refusalOf(`${server.url}${FOLDER}/callback`, stranger)).toMatchObject({ check: 'state' });
    expect(stranger.cookiesFor(server.url).has('tessera_session')).toBe(false);
  });

  test('a sealed attempt that was changed is none', async () => {
    const web = browser();
    const door = await atTheDoor(web);
    const jar = web.cookiesFor(server.url);
    const sealed = jar.get('tessera_sign_in') ?? '';
    expect(sealed).not.toContain(new URL(door).searchParams.get('state'));
    jar.set('tessera_sign_in', `${sealed.slice(0, -2)}${sealed.endsWith('A') ? 'B' : 'A'}A`);
    expect(await refusalOf(door, web)).toMatchObject({ check: 'state' });
  });

  test('a code is good once, and the browser forgets its attempt', async () => {
    person('sub-karl', 'karl');
    const web = browser();
    const door = await atTheDoor(web);
    const attempt = web.cookiesFor(server.url).get('tessera_sign_in') ?? '';
    expect((await web.visit(door)).headers.get('location')).toBe('/');
    expect(web.cookiesFor(server.url).has('tessera_sign_in')).toBe(false);
    expect(await refusalOf(door, web)).toMatchObject({ check: 'state' });
    web.cookiesFor(server.url).set('tessera_sign_in', attempt);
    expect(await refusalOf(door, web)).toMatchObject({
      check: 'provider_refused',
      detail: expect.stringContaining('invalid_grant'),
    });
  });

  test('an attempt ends after ten minutes', async () => {
    person('sub-late', 'late');
    const web = browser();
    const door = await atTheDoor(web);
    now += 601_000;
    expect(await refusalOf(door, web)).toMatchObject({ check: 'expired' });
  });

  test('an ID token made for another sign-in is refused by its nonce', async () => {
    person('sub-nonce', 'nonce');
    const web = browser();
    const begun = await web.visit(`${server.url}${FOLDER}/login`);
    const address = new URL(begun.headers.get('location') ?? '');
    address.searchParams.set('nonce', 'of-an-attacker');
    const door = here(await web.follow(address.href, (at) => at.includes('/callback')));
    expect(await refusalOf(door, web)).toMatchObject({ check: 'nonce' });
  });

  test('a code asked for with another challenge is refused by the provider', async () => {
    const web = browser();
    const begun = await web.visit(`${server.url}${FOLDER}/login`);
    const address = new URL(begun.headers.get('location') ?? '');
    expect(address.searchParams.get('code_challenge_method')).toBe('S256');
    address.searchParams.set('code_challenge', 'x'.repeat(43));
    const door = here(await web.follow(address.href, (at) => at.includes('/callback')));
    expect(await refusalOf(door, web)).toMatchObject({ check: 'provider_refused' });
  });

  test('a signature by a key that the provider does not publish is refused', async () => {
    const { generateKeyPair, exportJWK } = await import('jose');
    const { publicKey } = await generateKeyPair('RS256', { extractable: true });
    const other = { ...(await exportJWK(publicKey)), use: 'sig', alg: 'RS256', kid: 'one' };
    const replica = await server.replica();
    const web = browser();
    person('sub-forged', 'forged');
    const door = (await atTheDoor(web)).replace(server.url, replica.url);
    web
      .cookiesFor(replica.url)
      .set('tessera_sign_in', web.cookiesFor(server.url).get('tessera_sign_in') ?? '');
    idp.lie = (path) => (path === '/jwks' ? { status: 200, body: { keys: [other] } } : null);
    expect(await refusalOf(door, web)).toMatchObject({ check: 'id_token' });
    await replica.close();
  });

  test.each([
    ['has expired', { exp: -600, iat: -1200 }, {}],
    ['is for another client', {}, { aud: 'another' }],
    ['is from another issuer', {}, { iss: 'https://evil.example' }],
    ['names nobody', {}, { sub: undefined }],
    ['is as it should be, unlike these,', {}, {}, true],
  ])(
    'an ID token that %s is judged so',
    async (_what, times: { exp?: number; iat?: number }, claims, good = false) => {
      const web = browser();
      const begun = await web.visit(`${server.url}${FOLDER}/login`);
      const address = begun.headers.get('location') ?? '';
      const seconds = Math.floor(Date.now() / 1000);
      const idToken = await idp.sign({
        iss: idp.issuer,
        aud: CLIENT.id,
        sub: 'sub-erika',
        nonce: new URL(address).searchParams.get('nonce'),
        iat: seconds + (times.iat ?? 0),
        exp: seconds + (times.exp ?? 600),
        preferred_username: 'erika',
        groups: ['chiefs'],
        ...claims,
      });
      const body = { access_token: 'x', token_type: 'Bearer', expires_in: 600, id_token: idToken };
      idp.lie = (path) => (path === '/token' ? { status: 200, body } : null);
      const door = here(await web.follow(address, (at) => at.includes('/callback')));
      if (good) expect((await web.visit(door)).headers.get('location')).toBe('/');
      else expect(await refusalOf(door, web)).toMatchObject({ status: 403, check: 'id_token' });
      expect(web.cookiesFor(server.url).has('tessera_session')).toBe(good);
    },
  );

  test('account details of somebody else are refused', async () => {
    person('sub-mallory', 'mallory');
    idp.lie = (path) =>
      path === '/me'
        ? { status: 200, body: { sub: 'sub-erika', preferred_username: 'erika', groups: ['chiefs'] } }
        : null;
    const web = browser();
    expect(await refusalOf(await atTheDoor(web), web)).toMatchObject({ check: 'id_token' });
  });

  test('a person who says no at the provider is led back to the sign-in page', async () => {
    idp.denies = true;
    const web = browser();
    const door = await atTheDoor(web, '/machines');
    expect((await web.visit(door)).headers.get('location')).toBe(
      '/sign-in?refused=provider_refused&next=%2Fmachines',
    );
    idp.denies = false;
  });

  test('a return address elsewhere leads home', async () => {
    person('sub-erika', 'erika', [OPS]);
    for (const address of [
      'https://evil.example/',
      '//evil.example',
      '/\\evil.example',
      'javascript:alert(1)',
    ])
      expect((await signIn(undefined, address)).location, address).toBe('/');
    expect((await signIn(undefined, 'http://localhost:9000/metrics')).location).toBe(
      'http://localhost:9000/metrics',
    );
  });

  test('a sign-in begun at one process ends at another', async () => {
    person('sub-erika', 'erika', [OPS]);
    const replica = await server.replica();
    const web = browser();
    const door = (await atTheDoor(web)).replace(server.url, replica.url);
    web
      .cookiesFor(replica.url)
      .set('tessera_sign_in', web.cookiesFor(server.url).get('tessera_sign_in') ?? '');
    expect((await web.visit(door)).headers.get('location')).toBe('/');
    expect((await me(web.cookiesFor(replica.url).get('tessera_session'))).username).toBe('erika');
    await replica.close();
  });

  test('neither the client secret nor a code reaches the log or the trail', async () => {
    person('sub-erika', 'erika', [OPS]);
    const web = browser();
    const door = await atTheDoor(web);
    await web.visit(door);
    const code = new URL(door).searchParams.get('code') ?? 'absent';
    const trail = (await server.call('GET', '/api/v1/audit?limit=500', { token: server.admin })).text;
    for (const text of [server.logged.join('\n'), trail]) {
      expect(text).not.toContain(CLIENT.secret);
      expect(text).not.toContain(code);
    }
  });
});

describe('while the provider is down', () => {
  test('the server starts, passwords work, the browser is told, and sign-in works once it is back', async () => {
    const publicUrl = `http://localhost:${await freePort()}`;
    const idp = await startIdentityProvider([`${publicUrl}${FOLDER}/callback`], true);
    await idp.stop();
    let now = Date.now();
    const server = await startTestServer({
      clock: () => now,
      environment: {
        TESSERA_PUBLIC_URL: publicUrl,
        TESSERA_OIDC_ISSUER: idp.issuer,
        TESSERA_OIDC_CLIENT_ID: CLIENT.id,
        TESSERA_OIDC_CLIENT_SECRET: CLIENT.secret,
        TESSERA_OIDC_CREATE_USERS: 'all',
        TESSERA_OIDC_USERNAME_CLAIM: 'email',
        TESSERA_OIDC_GROUPS_CLAIM: 'realm_access.roles',
        TESSERA_OIDC_ROLES: 'chiefs=admin',
      },
    });
    await server.user('alice');
    const login = `${server.url}${FOLDER}/login`;
    const web = browser();
    expect((await web.visit(login)).headers.get('location')).toBe('/sign-in?refused=provider_unavailable');
    const told = await server.call('GET', `${FOLDER}/login`);
    expect(told.json).toMatchObject({
      status: 503,
      code: 'unavailable',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
    expect((await server.call('GET', '/ready')).status).toBe(200);

    await idp.start();
    now += 3000;
    idp.lie = (path) =>
      path.startsWith('/.well-known/') ? { status: 200, body: { issuer: 'http://127.0.0.1:1' } } : null;
    expect((await server.call('GET', `${FOLDER}/login`)).json.errors[0].field).toBe('issuer');
    idp.lie = (path) =>
      path.startsWith('/.well-known/') ? { status: 500, body: 'x'.repeat(2_000_000) } : null;
    now += 3000;
    expect((await server.call('GET', `${FOLDER}/login`)).json.errors[0].field).toBe('provider_unavailable');
    idp.lie = null;
    now += 3000;

    const claims = { email: 'bob@example.com', realm_access: { roles: ['chiefs'] } };
    const attempt = async () => {
      const begun = await web.visit(login);
      const door = await web.follow(begun.headers.get('location') ?? '', (at) => at.includes('/callback'));
      return web.visit(server.url + new URL(door).pathname + new URL(door).search);
    };
    idp.who = { sub: 'sub-bob', claims: { ...claims, email_verified: false } };
    expect((await attempt()).headers.get('location')).toBe('/sign-in?refused=email_verified');
    idp.who = { sub: 'sub-bob', claims: { ...claims, email_verified: true } };
    expect((await attempt()).headers.get('location')).toBe('/');
    const token = web.cookiesFor(server.url).get('tessera_session') ?? '';
    const me = await server.call('GET', '/api/v1/me', { token });
    expect(me.json).toMatchObject({ username: 'bob@example.com', roles: ['admin', 'user'] });

    await idp.stop();
    expect((await server.call('GET', '/api/v1/me', { token })).status).toBe(200);
    // Its description is remembered, so the browser is sent on; whether it is back is between those two.
    expect((await web.visit(login)).headers.get('location')).toContain(idp.issuer);
    await server.close();
  });
});

test('without a provider there is nothing to sign in with but a password', async () => {
  const server = await startTestServer();
  expect((await server.call('GET', '/api/v1/sessions/methods')).json).toEqual({
    password: true,
    provider: null,
  });
  expect((await server.call('GET', `${FOLDER}/login`)).json).toMatchObject({
    status: 404,
    code: 'not_supported',
  });
  expect((await server.call('GET', `${FOLDER}/callback`)).json).toMatchObject({ code: 'not_supported' });
  await server.close();
});
