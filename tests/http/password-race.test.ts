import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { auditChain } from '../../src/audit/chain.ts';
import { systemClock } from '../../src/base/clock.ts';
import { Secret } from '../../src/base/secret.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { type Database, openDatabase } from '../../src/storage/open.ts';
import { createStore } from '../../src/storage/store.ts';
import { createMint, type Mint } from '../../src/tokens/mint.ts';
import { ENGINES } from '../support/database.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

const NEW_PASSWORD = 'a completely new one';

describe.each(ENGINES)('a session on %s', (engine) => {
  let server: TestServer;
  let database: Database;
  let mint: Mint;
  let passwordHash: (username: string) => Promise<string>;

  beforeAll(async () => {
    server = await startTestServer({ engine });
    const { url, folder } = server.database;
    const opened = await openDatabase(
      url === null ? { engine: 'sqlite', folder } : { engine: 'postgres', url: new Secret(url) },
    );
    if (!opened.ok) throw new Error(opened.error.message);
    database = opened.value;
    const store = createStore({
      db: database.db,
      engine: database.engine,
      chain: auditChain('nothing is committed with it'),
      clock: systemClock,
      committed: () => {},
    });
    const settings = { longestSeconds: null, sessionSeconds: 3600 };
    mint = createMint({ store, clock: systemClock, random: systemRandom, settings });
    passwordHash = async (username) => (await store.passwordHash(username)) ?? '';
  });
  afterAll(async () => {
    await database.close();
    await server.close();
  });

  const change = (username: string, body: unknown) =>
    server.call('PATCH', `/api/v1/users/${username}`, { token: server.admin, body });
  const refused = { ok: false, error: { code: 'bad_credentials' } };

  test('is not made when the proven password was changed since', async () => {
    await server.user('alice');
    const proven = { username: 'alice', passwordHash: await passwordHash('alice') };
    await server.call('PUT', '/api/v1/users/alice/password', {
      token: server.admin,
      body: { password: NEW_PASSWORD },
    });
    expect(await mint.sessionToken(proven, { address: null })).toMatchObject(refused);
  });

  test('is not made for a user disabled or deleted since', async () => {
    await server.user('bob');
    const proven = { username: 'bob', passwordHash: await passwordHash('bob') };
    await change('bob', { disabled: true });
    expect(await mint.sessionToken(proven, { address: null })).toMatchObject(refused);
    await server.call('DELETE', '/api/v1/users/bob', { token: server.admin });
    expect(await mint.sessionToken(proven, { address: null })).toMatchObject(refused);
  });
});

test('a sign-in that was under way when the password changed does not outlive the change', async () => {
  const server = await startTestServer({ engine: 'postgres' });
  await server.user('alice');
  const replica = await server.replica();
  const holder = new pg.Client({ connectionString: server.database.url ?? '' });
  await holder.connect();
  const waiting = async (): Promise<number> => {
    const { rows } = await holder.query(
      `select count(*)::int as n from pg_locks join pg_database d on d.oid = database
       where locktype = 'advisory' and not granted and d.datname = current_database()`,
    );
    return rows[0].n;
  };
  // Changes stand in line behind this lock, so the new password is written before the session would be.
  await holder.query('select pg_advisory_lock(7355601)');
  const changing = server.call('PUT', '/api/v1/users/alice/password', {
    token: server.admin,
    body: { password: NEW_PASSWORD },
  });
  await expect.poll(waiting, { interval: 10, timeout: 20_000 }).toBe(1);
  const signingIn = replica.call('POST', '/api/v1/sessions', {
    body: { username: 'alice', password: PASSWORD },
  });
  await expect.poll(waiting, { interval: 10, timeout: 20_000 }).toBe(2);
  await holder.query('select pg_advisory_unlock(7355601)');
  await holder.end();
  expect((await changing).status).toBe(204);
  expect((await signingIn).json).toMatchObject({ status: 401, code: 'bad_credentials' });
  await replica.close();
  await server.close();
});
