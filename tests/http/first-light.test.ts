import { afterEach, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/database.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer | undefined;
afterEach(() => server?.close());

const GUARDED = {
  'X-Original-URL': 'https://metrics.example.com/v1/lines',
  'X-Original-Method': 'POST',
};

describe.each(ENGINES)('on %s', (engine) => {
  test("a bot's token passes the guard until it is revoked, and is refused on another replica too", async () => {
    server = await startTestServer({ engine });
    const replica = await server.replica();
    const minted = await server.call('POST', '/api/v1/service-tokens', {
      token: server.admin,
      body: { username: 'bot-metrics', scopes: ['write:sasquatch'] },
    });
    expect(minted.status).toBe(201);
    const { token, details } = minted.json;

    const check = (at: TestServer) =>
      at.call('GET', '/ingress/auth?scope=write:sasquatch', { token, headers: GUARDED });
    for (const at of [server, replica]) {
      const passed = await check(at);
      expect(passed.status).toBe(200);
      expect(passed.headers.get('x-auth-request-user')).toBe('bot-metrics');
    }

    const revoked = await server.call('DELETE', `/api/v1/tokens/${details.id}`, { token: server.admin });
    expect(revoked.json).toEqual({ revoked: [details.id] });
    expect((await check(server)).status).toBe(401);
    await expect.poll(async () => (await check(replica)).status, { interval: 20, timeout: 5_000 }).toBe(401);
    await replica.close();
  });

  test('everybody without the scope is refused and told which scope is missing', async () => {
    server = await startTestServer({ engine });
    const alice = await server.user('alice');
    const refused = await server.call('GET', '/ingress/auth?scope=write:sasquatch', {
      token: alice,
      headers: GUARDED,
    });
    expect(refused.status).toBe(403);
    expect(refused.headers.get('www-authenticate')).toContain('scope="write:sasquatch"');
    const nobody = await server.call('GET', '/ingress/auth?scope=write:sasquatch', { headers: GUARDED });
    expect(nobody.status).toBe(401);
  });
});
