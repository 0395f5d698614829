import pg from 'pg';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { ENGINES } from '../support/database.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const GUARDED = { 'x-original-url': 'https://app.example.com/', 'x-original-method': 'GET' };

let server: TestServer | undefined;
afterEach(() => server?.close());

const guard = (at: TestServer, token: string) =>
  at.call('GET', '/ingress/auth?scope=write:sasquatch', { token, headers: GUARDED });

async function mintBot(at: TestServer): Promise<{ token: string; details: { id: string } }> {
  const body = { username: 'bot-feed', scopes: ['write:sasquatch'] };
  return (await at.call('POST', '/api/v1/service-tokens', { token: at.admin, body })).json;
}

describe.each(ENGINES)('the change feed on %s', (engine) => {
  test('carries many revocations made at once to another process, none lost', async () => {
    server = await startTestServer({ engine });
    const replica = await server.replica();
    const minted = await Promise.all(Array.from({ length: 40 }, () => mintBot(server as TestServer)));
    for (const { token } of minted) expect((await guard(replica, token)).status).toBe(200);
    await Promise.all(
      minted.map(({ details }, at) =>
        (at % 2 === 0 ? (server as TestServer) : replica).call('DELETE', `/api/v1/tokens/${details.id}`, {
          token: (server as TestServer).admin,
        }),
      ),
    );
    for (const at of [server, replica]) {
      for (const { token } of minted) {
        await expect
          .poll(async () => (await guard(at, token)).status, { interval: 10, timeout: 5_000 })
          .toBe(401);
      }
    }
    await replica.close();
  });
});

test('a process that lost the feed refuses instead of guessing, says so, and recovers', {
  timeout: 60_000,
}, async () => {
  server = await startTestServer({ engine: 'postgres' });
  const { token, details } = await mintBot(server);
  expect((await guard(server, token)).status).toBe(200);
  const name = server.database.url?.split('/').at(-1);
  const client = new pg.Client({ connectionString: `${inject('postgresUrl')}/postgres` });
  await client.connect();
  const at = server;
  try {
    await client.query(`alter database ${name} allow_connections false`);
    await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
    await expect
      .poll(async () => (await guard(at, token)).status, { interval: 200, timeout: 20_000 })
      .toBe(503);
    const ready = await at.call('GET', '/ready');
    expect(ready.status).toBe(503);
    expect(ready.json.reasons).toContain('the change feed has not been read for five seconds');
    expect((await at.call('GET', '/health')).status).toBe(200);
    // What happens meanwhile must count as soon as the process answers again.
    await client.query(`alter database ${name} allow_connections true`);
    const other = new pg.Client({ connectionString: at.database.url ?? '' });
    await other.connect();
    await other.query('update tokens set revoked_at = 1 where id = $1', [details.id]);
    await other.end();
  } finally {
    await client.query(`alter database ${name} allow_connections true`);
    await client.end();
  }
  await expect
    .poll(async () => (await at.call('GET', '/ready')).status, { interval: 200, timeout: 20_000 })
    .toBe(200);
  expect((await guard(at, token)).status).toBe(401);
});
