import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/database.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { tamper } from '../support/tamper.ts';

let server: TestServer;
afterEach(() => server.close());

const verify = async () => (await server.call('POST', '/api/v1/audit/verify', { token: server.admin })).json;

async function someHistory(): Promise<void> {
  await server.user('alice');
  for (const username of ['bot-a', 'bot-b', 'bot-c']) {
    await server.call('POST', '/api/v1/service-tokens', {
      token: server.admin,
      body: { username, scopes: [] },
    });
  }
}

describe.each(ENGINES)('the audit trail on %s', (engine) => {
  test('says who did what to whom from where, newest first, and pages', async () => {
    server = await startTestServer({ engine });
    await someHistory();
    const first = await server.call('GET', '/api/v1/audit?limit=2', { token: server.admin });
    expect(first.json.items).toHaveLength(2);
    expect(first.json.items[0]).toMatchObject({
      action: 'token.created',
      actor: 'admin',
      address: '127.0.0.1',
    });
    const second = await server.call('GET', `/api/v1/audit?limit=2&cursor=${first.json.next_cursor}`, {
      token: server.admin,
    });
    expect(second.json.items[0].seq).toBe(first.json.items[1].seq - 1);
    const filtered = await server.call('GET', '/api/v1/audit?action=user.created', { token: server.admin });
    expect(filtered.json.items.map((row: { subject: string }) => row.subject)).toEqual(['alice']);
    const since = await server.call('GET', `/api/v1/audit?after_seq=${first.json.items[1].seq}`, {
      token: server.admin,
    });
    expect(since.json.items).toEqual([first.json.items[0]]);
  });

  test('holds the refusal of a good token within a second, and no secret', async () => {
    server = await startTestServer({ engine });
    const alice = await server.user('alice');
    const headers = {
      'x-original-url': 'https://app.example.com/secret?key=canary-query',
      'x-original-method': 'PUT',
    };
    await server.call('GET', '/ingress/auth?scope=admin:routes&service=app', { token: alice, headers });
    const rows = await server.call('GET', '/api/v1/audit?action=guard.refused', { token: server.admin });
    expect(rows.json.items[0]).toMatchObject({
      actor: 'alice',
      route: 'app',
      method: 'PUT',
      path: '/secret',
      status: 403,
    });
    const everything = await server.call('GET', '/api/v1/audit?limit=1000', { token: server.admin });
    for (const secret of [alice, server.admin, alice.slice(27, 49), 'canary-query']) {
      expect(everything.text).not.toContain(secret);
    }
  });

  test('is intact after honest work', async () => {
    server = await startTestServer({ engine });
    await someHistory();
    expect(await verify()).toMatchObject({ intact: true, faults: [] });
  });

  test.each([
    ['an edited row', "update audit set actor = 'mallory' where seq = 3", 'edited', 3],
    ['an edited detail', `update audit set detail = '{"x":1}' where seq = 2`, 'edited', 2],
    ['a row taken out', 'delete from audit where seq = 3', 'missing', 3],
    ['the end cut off', 'delete from audit where seq > 4', 'truncated', 0],
    [
      'the end cut off with its head set back',
      'delete from audit where seq > 4; update audit_head set seq = 4, mac = (select mac from audit where seq = 4)',
      'rolled_back',
      0,
    ],
    ['a head of its own', "update audit_head set mac = 'x'", 'edited', 0],
  ])('shows %s', async (_what, statement, kind, seq) => {
    server = await startTestServer({ engine });
    await someHistory();
    await verify();
    await tamper(server.database, statement);
    const report = await verify();
    expect(report.intact).toBe(false);
    expect(report.faults.map((one: { kind: string }) => one.kind)).toContain(kind);
    if (seq > 0) expect(report.faults[0].seq).toBe(seq);
  });

  test('shows an older copy of everything by the anchor beside the database', async () => {
    server = await startTestServer({ engine });
    await someHistory();
    await verify();
    const anchor = join(server.database.folder, 'audit-anchor.json');
    const noted = JSON.parse(await readFile(anchor, 'utf8'));
    await writeFile(anchor, JSON.stringify({ seq: noted.seq + 5, mac: 'what a later state had' }));
    expect((await verify()).faults[0].kind).toBe('rolled_back');
  });

  test('is read only with its scope', async () => {
    server = await startTestServer({ engine });
    const alice = await server.user('alice');
    const answer = await server.call('GET', '/api/v1/audit', { token: alice });
    expect(answer.json).toMatchObject({ status: 403, required_scopes: ['read:audit'] });
  });
});
