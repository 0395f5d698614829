import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { ENGINES } from '../support/database.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const GUARDED = { 'x-original-url': 'https://app.example.com/?q=canary-query', 'x-original-method': 'GET' };

/** Everything the database holds, as whoever stole it would read it. */
async function databaseDump({ database }: TestServer): Promise<string> {
  if (database.url === null) {
    const files = (await readdir(database.folder)).filter((name) => name.startsWith('tessera.sqlite'));
    return (await Promise.all(files.map((name) => readFile(join(database.folder, name), 'latin1')))).join(
      '\n',
    );
  }
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows: tables } = await client.query("select tablename from pg_tables where schemaname = 'public'");
  const contents: string[] = [];
  for (const { tablename } of tables)
    contents.push(JSON.stringify((await client.query(`select * from ${tablename}`)).rows));
  await client.end();
  return contents.join('\n');
}

describe.each(ENGINES)('on %s', (engine) => {
  test('no secret turns up in a log, a listing, an error, the audit trail or the database', async () => {
    const server = await startTestServer({ engine });
    const password = 'canary-password-1';
    const newPassword = 'canary-password-2';
    const admin = server.admin;
    const call = server.call;
    await call('POST', '/api/v1/users', { token: admin, body: { username: 'alice', password } });
    const alice = (await call('POST', '/api/v1/sessions', { body: { username: 'alice', password } })).json
      .token;
    await call('POST', '/api/v1/sessions', {
      body: { username: 'canary-typo-in-name', password: 'canary-wrong' },
    });
    await call('PUT', '/api/v1/users/alice/password', { token: admin, body: { password: newPassword } });
    const again = (
      await call('POST', '/api/v1/sessions', { body: { username: 'alice', password: newPassword } })
    ).json;
    const made = (await call('POST', '/api/v1/tokens', { token: again.token, body: { name: 'one' } })).json;
    const bot = (
      await call('POST', '/api/v1/service-tokens', {
        token: admin,
        body: { username: 'bot-x', scopes: ['write:sasquatch'] },
      })
    ).json;
    const exchanged = await call('POST', '/oauth/token', {
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: bot.token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      }),
    });
    const jwt = exchanged.json.access_token;
    const delegated = await call(
      'GET',
      '/ingress/auth?scope=write:sasquatch&delegate_to=app&delegate_scope=write:sasquatch',
      {
        token: bot.token,
        headers: GUARDED,
      },
    );
    const child = delegated.headers.get('x-auth-request-token') ?? '';
    expect(child).toMatch(/^gt-/);
    await call('GET', '/ingress/auth?scope=admin:token', { token: bot.token, headers: GUARDED });
    await call('GET', '/ingress/auth?scope=admin:token', { token: jwt, headers: GUARDED });
    await call('GET', `/api/v1/${made.token}?token=${made.token}`, { token: made.token });
    await call('POST', '/api/v1/tokens', { token: made.token, body: `{"name": "${bot.token}` });
    await call('POST', '/api/v1/tokens', {
      token: made.token,
      body: { name: bot.token, nonsense: bot.token },
    });
    await call('DELETE', '/api/v1/sessions/current', { token: again.token });

    const listings = await Promise.all(
      [
        '/api/v1/tokens?user=*&state=all',
        '/api/v1/audit?limit=1000',
        '/api/v1/users',
        '/metrics',
        '/openapi.json',
      ].map((path) => call('GET', path, { token: admin })),
    );
    const secretOf = (token: string): string =>
      token.startsWith('gt-') ? token.slice(26) : token.slice(27, 49);
    const places = {
      'the log': server.logged.join('\n'),
      listings: listings.map((answer) => answer.text).join('\n'),
      'the database': await databaseDump(server),
    };
    const secrets = {
      bootstrap: secretOf(server.bootstrap),
      session: secretOf(admin),
      'ended session': secretOf(alice),
      personal: secretOf(made.token),
      service: secretOf(bot.token),
      delegated: secretOf(child),
      jwt: jwt.split('.')[2],
      password,
      newPassword,
      'wrong password': 'canary-wrong',
      'name that was a password': 'canary-typo',
      query: 'canary-query',
    };
    for (const [place, text] of Object.entries(places)) {
      expect(text.length, place).toBeGreaterThan(100);
      for (const [what, secret] of Object.entries(secrets))
        expect(text.includes(secret), `${what} in ${place}`).toBe(false);
    }
    await server.close();
  });
});
