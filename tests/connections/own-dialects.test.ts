import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type Bench, bench, closeAll } from './support.ts';

/** Another Tessera, whose dialects are what OSMO and Gafaelfawr speak, connected to over real sockets. */
let other: TestServer;
let offset = 0;
beforeAll(async () => {
  other = await startTestServer({ clock: () => Date.now() + offset });
  for (const name of ['osmo-user', 'osmo-admin'])
    await other.call('POST', '/api/v1/roles', { token: other.admin, body: { name, scopes: [] } });
});
afterAll(() => other.close());
afterEach(async () => {
  offset = 0;
  await closeAll();
});

const DAY_MS = 86_400_000;
const inDays = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);

const connect = async (server: Bench, kind: string, credential: object, more: object = {}) => {
  const made = await server.api('POST', '/connections', {
    name: kind,
    kind,
    url: other.url,
    credential,
    ...more,
  });
  expect(made.status, made.text).toBe(201);
  return made.json;
};

const codesOf = (answer: { json: { findings: { code: string }[] } }): string[] =>
  answer.json.findings.map(({ code }) => code);

describe('a token of OSMO', () => {
  async function personal(name: string, username: string): Promise<string> {
    const session = await other.user(username, ['osmo-user']);
    const path = `/api/auth/access_token/${name}?expires_at=${inDays(31)}`;
    const made = await other.call('POST', path, { token: session });
    expect(made.status, made.text).toBe(200);
    return made.json;
  }

  test('is stored, says whose it is, what it may do and when it ends, is rotated and revoked', async () => {
    const server = await bench();
    const secret = await personal('laptop', 'alice');
    const { connection, report } = await connect(server, 'osmo', { secret });
    expect(report).toMatchObject({ ok: true, verdict: 'healthy', identity: 'alice', findings: [] });
    expect(connection.credential_expires_at).toMatch(new RegExp(`^${inDays(31)}`));

    const rotated = await server.api('POST', '/connections/osmo/rotate');
    expect(rotated.status, rotated.text).toBe(200);
    expect((await server.api('POST', '/connections/osmo/test')).json.ok).toBe(true);
    const exchanged = async (token: string) =>
      (await other.call('POST', '/api/auth/jwt/access_token', { body: { token } })).status;
    expect(await exchanged(secret)).not.toBe(200);

    const revoked = await server.api('POST', '/connections/osmo/revoke-credential');
    expect(revoked.status, revoked.text).toBe(200);
    const tokens = await other.call('GET', '/api/v1/tokens?username=alice', { token: other.admin });
    expect(tokens.text).not.toContain(secret);
  });

  test('that was revoked, has ended, or lost its roles is explained', async () => {
    const server = await bench();
    const secret = await personal('desk', 'bob');
    await connect(server, 'osmo', { secret });
    const lost = await other.call('DELETE', '/api/v1/users/bob/roles/osmo-user', { token: other.admin });
    expect(lost.status, lost.text).toBeLessThan(300);
    expect(codesOf(await server.api('POST', '/connections/osmo/test'))).toEqual(['OSMO_NO_ROLES']);
    offset = 40 * DAY_MS;
    expect(codesOf(await server.api('POST', '/connections/osmo/test'))).toEqual(['OSMO_TOKEN_EXPIRED']);
    offset = 0;
    const wrong = await server.api('PATCH', '/connections/osmo', {
      credential: { secret: 'not-a-token-of-osmo-at-all' },
      test: false,
    });
    expect(wrong.status, wrong.text).toBe(200);
    const refused = await server.api('POST', '/connections/osmo/test');
    expect(codesOf(refused)).toEqual(['OSMO_TOKEN_REFUSED']);
    expect(refused.json.exit_code).toBe(4);
    expect(refused.text).not.toMatch(/\.\.(?!\.)/);
  });
});

describe('a token of Gafaelfawr', () => {
  const API = '/auth/api/v1';
  async function minted(username: string, scopes: string[], days: number): Promise<string> {
    await other.user(username, []);
    const made = await other.call('POST', `${API}/tokens`, {
      token: other.bootstrap,
      body: {
        username,
        token_type: 'user',
        token_name: 'tessera',
        scopes,
        expires: Math.floor(Date.now() / 1000) + days * 86_400,
      },
    });
    expect(made.status, made.text).toBe(201);
    return made.json.token;
  }

  test('is stored, says whose it is, what it may do and when it ends, and its bot tokens are made', async () => {
    const server = await bench();
    const secret = await minted('carol', ['admin:token', 'user:token', 'write:sasquatch'], 60);
    const { connection, report } = await connect(server, 'gafaelfawr', { secret });
    expect(report).toMatchObject({ ok: true, identity: 'carol', findings: [] });
    expect(report.facts.scopes).toEqual(['admin:token', 'user:token', 'write:sasquatch']);
    expect(connection.credential_expires_at).toMatch(new RegExp(`^${inDays(60)}`));

    const bot = await server.api('POST', '/connections/make-credential', {
      connection: 'gafaelfawr',
      wish: { name: 'lines', user: 'bot-lines', scopes: ['write:sasquatch'] },
      store_as: 'lines',
    });
    expect(bot.status, bot.text).toBe(201);
    const tested = await server.api('POST', '/connections/lines/test', {
      expect: { privileges: ['write:sasquatch'] },
    });
    expect(tested.json).toMatchObject({ ok: true, identity: 'bot-lines' });
    const lacking = await server.api('POST', '/connections/lines/test', {
      expect: { privileges: ['read:tap'] },
    });
    expect(codesOf(lacking)).toEqual(['GAFAELFAWR_SCOPES']);

    const revoked = await server.api('POST', '/connections/gafaelfawr/revoke-credential');
    expect(revoked.status, revoked.text).toBe(200);
    const info = await other.call('GET', `${API}/token-info`, { token: secret });
    expect(info.status).toBe(401);
  });

  test('that was revoked or has ended is refused, once it is', async () => {
    const server = await bench();
    const secret = await minted('dave', ['user:token'], 5);
    await connect(server, 'gafaelfawr', { secret });
    offset = 6 * DAY_MS;
    const ended = await server.api('POST', '/connections/gafaelfawr/test');
    expect(codesOf(ended)).toEqual(['GAFAELFAWR_REFUSED']);
    expect(ended.json.exit_code).toBe(4);
    expect((await server.api('GET', '/events')).json.items[0].kind).toBe('credential_refused');
    expect(ended.text).not.toContain(secret);
  });
});

describe('a credential for any API', () => {
  test('is accepted where it rides as the API wants it, refused where not, and never rides in the query', async () => {
    const server = await bench();
    const session = await other.user('erin', []);
    const { json: token } = await other.call('POST', '/api/v1/tokens', {
      token: session,
      body: { name: 'one', scopes: ['user:token'] },
    });
    const asked = { expect: { path: '/api/v1/me' } };
    const headers = { method: 'header', name: 'X-Api-Key', secret: token.token };
    for (const [credential, codes] of [
      [{ method: 'bearer', secret: token.token }, []],
      [{ method: 'basic', user: 'erin', secret: token.token }, []],
      // This API looks for a token in no other header.
      [headers, ['HTTP_AUTH_REFUSED']],
    ] as const) {
      const wish = { kind: 'http', url: other.url, credential, ...asked };
      const tested = await server.api('POST', '/connections/test', wish);
      expect(codesOf(tested), tested.text).toEqual(codes);
    }
    const query = await server.api('POST', '/connections/test', {
      kind: 'http',
      url: other.url,
      credential: { method: 'query', name: 'token', secret: token.token },
    });
    expect(query.status).toBe(400);
    expect(query.text).not.toContain(token.token);
  });
});
