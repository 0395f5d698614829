import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { loadSqlite } from '../../src/storage/sqlite-module.ts';
import { ENGINES } from '../support/database.ts';
import { over, startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let drop: () => Promise<void>;
afterEach(async () => {
  await server.app.close();
  await drop();
});

async function start(engine: (typeof ENGINES)[number]): Promise<void> {
  server = await startTestServer({ engine });
  drop = server.database.drop;
}

/** Everything gathered is written at the end, and the next process starts from what is on disk. */
async function restart(meanwhile: () => Promise<void> = async () => {}): Promise<void> {
  const { database, bootstrap, admin } = server;
  await server.app.close();
  await meanwhile();
  server = await over(database, bootstrap, {}, admin);
}

async function work(times: number): Promise<void> {
  for (let at = 0; at < times; at++) {
    const body = { username: 'bot-work', scopes: [] };
    const made = await server.call('POST', '/api/v1/service-tokens', { token: server.admin, body });
    expect(made.status).toBe(201);
  }
}

async function verdict(): Promise<{ intact: boolean; kinds: string[] }> {
  const { json } = await server.call('POST', '/api/v1/audit/verify', { token: server.admin });
  return { intact: json.intact, kinds: json.faults.map((one: { kind: string }) => one.kind) };
}

const anchor = (): string => join(server.database.folder, 'audit-anchor.json');

async function run(statement: string): Promise<{ seq: number }[]> {
  const { url, folder } = server.database;
  if (url === null) {
    const sqlite = new (await loadSqlite())(join(folder, 'tessera.sqlite'));
    const rows = sqlite.prepare(statement).all() as { seq: number }[];
    sqlite.close();
    return rows;
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(statement);
  await client.end();
  return rows;
}

/** The trail as it was `rows` rows ago, which an older copy of the database would hold. */
async function goBack(rows: number): Promise<void> {
  await run(`delete from audit where seq > (select seq from audit_head) - ${rows}`);
  await run(`update audit_head set seq = seq - ${rows},
    mac = (select mac from audit where audit.seq = audit_head.seq - ${rows}) where id = 1`);
}

describe.each(ENGINES)('the note beside the audit trail on %s', (engine) => {
  test('is there from the first row on', async () => {
    await start(engine);
    expect(await verdict()).toEqual({ intact: true, kinds: [] });
  });

  test('still shows an older copy put back after the trail has grown past it, and says so in the log', async () => {
    await start(engine);
    await work(3);
    await restart(() => goBack(2));
    expect((await verdict()).kinds).toContain('rolled_back');
    await work(8);
    await expect
      .poll(() => server.logged.some((line) => line.includes('was noted outside the database and is gone')))
      .toBe(true);
    await restart();
    expect((await verdict()).kinds).toEqual(['rolled_back']);
    await writeFile(anchor(), 'accept\n');
    await work(1);
    await restart();
    expect(await verdict()).toEqual({ intact: true, kinds: [] });
    expect(JSON.parse(await readFile(anchor(), 'utf8')).seq).toBeGreaterThan(8);
  });

  test.each([
    ['was taken away', () => rm(anchor())],
    ['was emptied', () => writeFile(anchor(), '')],
    ['holds something else', () => writeFile(anchor(), '{"seq":"none"}')],
  ])('that %s is a fault, and no new one covers it up', async (_what, tamper) => {
    await start(engine);
    await work(1);
    await restart(tamper);
    expect((await verdict()).kinds).toEqual(['unreadable']);
    await work(3);
    await restart();
    expect((await verdict()).kinds).toEqual(['unreadable']);
  });
});
