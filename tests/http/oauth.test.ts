import { createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const GUARDED = { 'x-original-url': 'https://app.example.com/', 'x-original-method': 'GET' };
const MINUTE = 60_000;

describe.each(ENGINES)('on %s', (engine) => {
  let server: TestServer;
  let bot: string;
  let now = Date.now();

  beforeAll(async () => {
    server = await startTestServer({ engine, clock: () => now });
    bot = await mintBot('bot-app', ['write:sasquatch', 'read:machines']);
  });
  afterAll(() => server.close());

  async function mintBot(username: string, scopes: string[]): Promise<string> {
    const made = await server.call('POST', '/api/v1/service-tokens', {
      token: server.admin,
      body: { username, scopes },
    });
    return made.json.token;
  }

  const form = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    server.call('POST', path, { body: new URLSearchParams(fields), headers });
  const exchange = (subject: string, more: Record<string, string> = {}) =>
    form('/oauth/token', {
      grant_type: EXCHANGE,
      subject_token: subject,
      subject_token_type: ACCESS_TOKEN,
      ...more,
    });
  const guard = async (token: string, scope: string, at = server): Promise<number> =>
    (await at.call('GET', `/ingress/auth?scope=${scope}`, { token, headers: GUARDED })).status;

  describe('with a standard OAuth client', () => {
    const options = { [oauth.allowInsecureRequests]: true };
    const client: oauth.Client = { client_id: 'metrics-service' };
    let authorizationServer: oauth.AuthorizationServer;

    beforeAll(async () => {
      const issuer = new URL(server.url);
      const response = await oauth.discoveryRequest(issuer, { ...options, algorithm: 'oauth2' });
      authorizationServer = await oauth.processDiscoveryResponse(issuer, response);
    });

    test.each([
      ['client_secret_basic', () => oauth.ClientSecretBasic(bot)],
      ['client_secret_post', () => oauth.ClientSecretPost(bot)],
    ])('introspection by %s tells whose a token is and what it may do', async (_name, authentication) => {
      const asked = await mintBot('bot-asked', ['write:sasquatch']);
      const response = await oauth.introspectionRequest(
        authorizationServer,
        client,
        authentication(),
        asked,
        options,
      );
      const answer = await oauth.processIntrospectionResponse(authorizationServer, client, response);
      expect(answer).toMatchObject({
        active: true,
        sub: 'bot-asked',
        username: 'bot-asked',
        scope: 'write:sasquatch',
      });
      expect(answer.iss).toBe(server.url);
    });

    test('a revoked token is no longer active', async () => {
      const token = await mintBot('bot-ending', ['write:sasquatch']);
      const authentication = oauth.ClientSecretBasic(bot);
      const revocation = await oauth.revocationRequest(
        authorizationServer,
        client,
        authentication,
        token,
        options,
      );
      await oauth.processRevocationResponse(revocation);
      const response = await oauth.introspectionRequest(
        authorizationServer,
        client,
        authentication,
        token,
        options,
      );
      expect(await oauth.processIntrospectionResponse(authorizationServer, client, response)).toMatchObject({
        active: false,
      });
      expect(await guard(token, 'write:sasquatch')).toBe(401);
    });

    test('token exchange gives a JWT that the published keys verify offline', async () => {
      const parameters = new URLSearchParams({
        subject_token: bot,
        subject_token_type: ACCESS_TOKEN,
        scope: 'write:sasquatch',
      });
      const response = await oauth.genericTokenEndpointRequest(
        authorizationServer,
        client,
        oauth.None(),
        EXCHANGE,
        parameters,
        options,
      );
      const answer = await oauth.processGenericTokenEndpointResponse(authorizationServer, client, response);
      expect(answer.scope).toBe('write:sasquatch');
      const keys = createRemoteJWKSet(new URL(`${server.url}/.well-known/jwks.json`));
      const { payload } = await jwtVerify(answer.access_token, keys, {
        issuer: server.url,
        audience: server.url,
        currentDate: new Date(now),
        typ: 'at+jwt',
      });
      expect(payload).toMatchObject({ sub: 'bot-app', scope: 'write:sasquatch' });
      expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300);
    });
  });

  test('an access JWT passes the guard within its scopes, and not a second longer than its token', async () => {
    const token = await mintBot('bot-jwt', ['write:sasquatch', 'read:machines']);
    const jwt = (await exchange(token, { scope: 'write:sasquatch' })).json.access_token;
    const replica = await server.replica();
    expect(await guard(jwt, 'write:sasquatch')).toBe(200);
    expect(await guard(jwt, 'read:machines')).toBe(403);
    expect(await guard(jwt, 'write:sasquatch', replica)).toBe(200);
    await form('/oauth/revoke', { token });
    expect(await guard(jwt, 'write:sasquatch')).toBe(401);
    await expect
      .poll(() => guard(jwt, 'write:sasquatch', replica), { interval: 20, timeout: 5_000 })
      .toBe(401);
    const published = await server.call('GET', '/.well-known/revoked-tokens.json');
    const tid = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()).tid;
    expect(published.json.revoked.map((entry: { tid: string }) => entry.tid)).toContain(tid);
    await replica.close();
  });

  test('an access JWT dies at its end', async () => {
    const jwt = (await exchange(bot)).json.access_token;
    now += 5 * MINUTE;
    expect(await guard(jwt, 'write:sasquatch')).toBe(200);
    now += 61_000;
    expect(await guard(jwt, 'write:sasquatch')).toBe(401);
  });

  test('a JWT cannot be bent: algorithm none, another key, changed claims', async () => {
    const jwt: string = (await exchange(bot)).json.access_token;
    const [header = '', payload = '', signature = ''] = jwt.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const wider = encode({ ...claims, scope: 'admin:token' });
    const forged = [
      `${header}.${wider}.${signature}`,
      `${encode({ alg: 'none', typ: 'at+jwt' })}.${wider}.`,
      `${encode({ ...decodeProtectedHeader(jwt), alg: 'HS256' })}.${wider}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
      `${header}.${payload}`,
    ];
    for (const text of forged) expect(await guard(text, 'write:sasquatch'), text.slice(0, 40)).toBe(401);
  });

  test('signing keys roll over without a false refusal: old JWTs, old key sets, every process', async () => {
    const before = (await exchange(bot)).json.access_token;
    const keysBefore = (await server.call('GET', '/.well-known/jwks.json')).json;
    const rotated = await server.call('POST', '/api/v1/signing-keys/rotate', { token: server.admin });
    expect(rotated.status).toBe(201);
    const again = await server.call('POST', '/api/v1/signing-keys/rotate', { token: server.admin });
    expect(again.json).toMatchObject({ status: 409, code: 'conflict' });

    // Verifiers that fetched the keys before the rotation can check everything signed until they fetch again.
    now += 4 * MINUTE;
    const during = (await exchange(bot)).json.access_token;
    await jwtVerify(during, createLocalJWKSet(keysBefore), { currentDate: new Date(now) });

    now += 7 * MINUTE;
    const after = (await exchange(bot)).json.access_token;
    expect(decodeProtectedHeader(after).kid).toBe(rotated.json.kid);
    expect(decodeProtectedHeader(during).kid).toBe(decodeProtectedHeader(before).kid);
    const keysAfter = (await server.call('GET', '/.well-known/jwks.json')).json;
    expect(keysAfter.keys.map((key: { kid: string }) => key.kid)).toContain(
      decodeProtectedHeader(before).kid,
    );
    expect(await guard(after, 'write:sasquatch')).toBe(200);
    const replica = await server.replica();
    expect(await guard(after, 'write:sasquatch', replica)).toBe(200);
    await replica.close();
  });

  test.each([
    ['/oauth/token', { grant_type: 'password' }, 400, 'invalid_request'],
    [
      '/oauth/token',
      { grant_type: 'x', subject_token: 'y', subject_token_type: ACCESS_TOKEN },
      400,
      'unsupported_grant_type',
    ],
    [
      '/oauth/token',
      { grant_type: EXCHANGE, subject_token: 'y', subject_token_type: 'z' },
      400,
      'invalid_request',
    ],
    [
      '/oauth/token',
      { grant_type: EXCHANGE, subject_token: 'y', subject_token_type: ACCESS_TOKEN },
      400,
      'invalid_request',
    ],
    [
      '/oauth/token',
      { grant_type: EXCHANGE, subject_token: 'y', subject_token_type: ACCESS_TOKEN, lifetime: '0s' },
      400,
      'invalid_request',
    ],
    ['/oauth/introspect', { token: 'x' }, 401, 'invalid_client'],
    ['/oauth/introspect', {}, 400, 'invalid_request'],
    ['/oauth/revoke', {}, 400, 'invalid_request'],
  ])('%s with %j answers %i %s in the form of RFC 6749', async (path, fields, status, error) => {
    const answer = await form(path, fields as unknown as Record<string, string>);
    expect(answer.status).toBe(status);
    expect(answer.json.error).toBe(error);
    expect(answer.json.error_description).toEqual(expect.any(String));
  });

  test('revoking needs nothing but the token itself; the unknown is answered like the known', async () => {
    const token = await mintBot('bot-self', []);
    for (const text of [token, token, 'junk', `tsr-${'a'.repeat(22)}-${'b'.repeat(28)}`]) {
      expect((await form('/oauth/revoke', { token: text })).status).toBe(200);
    }
    const jwt = (await exchange(bot)).json.access_token;
    expect((await form('/oauth/revoke', { token: jwt })).json.error).toBe('unsupported_token_type');
    expect((await form('/oauth/revoke', { token: bot }, { authorization: 'Bearer junk' })).json.error).toBe(
      'invalid_client',
    );
    expect(await guard(bot, 'write:sasquatch')).toBe(200);
  });

  test('an exchange for no time at all is a mistake of the request, not of the token', async () => {
    const answer = await exchange(bot, { lifetime: '0s' });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({
      error: 'invalid_request',
      error_description: expect.stringContaining('lifetime'),
    });
    expect((await exchange(bot, { lifetime: '1s' })).json.expires_in).toBe(1);
  });

  test('what is no form is refused with the name of what is', async () => {
    const answer = await server.call('POST', '/oauth/revoke', {
      body: 'token=x',
      headers: { 'content-type': 'text/plain' },
    });
    expect(answer.status).toBe(415);
    expect(answer.json.error_description).toContain('application/x-www-form-urlencoded');
  });

  test('a scope the token lacks is not exchanged', async () => {
    const answer = await exchange(bot, { scope: 'write:sasquatch admin:token' });
    expect(answer.json).toMatchObject({ error: 'invalid_scope' });
    expect(answer.json.error_description).toContain('admin:token');
  });
});

test('the issuer is the public address, whatever the port behind it', async () => {
  const server = await startTestServer({
    environment: { TESSERA_PUBLIC_URL: `https://tokens.example.com:${await freePort()}` },
  });
  const metadata = await server.call('GET', '/.well-known/oauth-authorization-server');
  expect(metadata.json.issuer).toMatch(/^https:\/\/tokens\.example\.com:\d+$/);
  await server.close();
});
