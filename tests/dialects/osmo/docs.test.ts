import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../../support/server.ts';

/** The commands printed in docs/osmo.md, run as they stand there, one after another. */
const run = promisify(execFile);
const NOW = Date.UTC(2026, 7, 10, 9);

let server: TestServer;
let home: string;
let commands: string[];

beforeAll(async () => {
  server = await startTestServer({ clock: () => NOW });
  home = await mkdtemp(join(tmpdir(), 'tessera-osmo-docs-'));
  await server.call('POST', '/api/v1/roles', {
    token: server.admin,
    body: { name: 'operator', scopes: ['read:machines', 'write:machines'] },
  });
  await server.call('PUT', '/api/v1/users/admin/roles/operator', { token: server.admin });
  const made = await server.call('POST', '/api/v1/tokens', {
    token: server.admin,
    body: { user: 'admin', name: 'osmo', roles: ['admin', 'operator', 'user'], expires_in: '90d' },
  });
  await writeFile(join(home, '.osmo-token'), `${made.json.token}\n`);
  const page = await readFile(new URL('../../../docs/osmo.md', import.meta.url), 'utf8');
  commands = [...page.matchAll(/^```bash\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
});
afterAll(async () => {
  await server.close();
  await rm(home, { recursive: true, force: true });
});

test('every command of the page does what the page says', async () => {
  const outputs: string[] = [];
  for (const command of commands) {
    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', command], {
      env: { PATH: process.env.PATH ?? '', HOME: home, TESSERA: server.url },
    });
    outputs.push(stdout);
  }
  const answers = outputs.map((text) => (text === '' ? '' : JSON.parse(text)));
  const token = {
    user_name: 'admin',
    token_name: 'ci',
    expires_at: '2027-01-01T00:00:00',
    description: 'Nightly build',
    roles: ['operator'],
  };
  const dana = { id: 'dana@example.com', created_at: '2026-08-10T09:00:00.000000Z', created_by: 'admin' };
  expect(answers).toEqual([
    '',
    expect.objectContaining({
      roles: ['admin', 'operator'],
      token: { name: 'osmo', expires_at: '2026-11-08T09:00:00' },
    }),
    '',
    [expect.objectContaining({ token_name: 'ci' }), expect.objectContaining({ token_name: 'osmo' })],
    {
      user_name: 'admin',
      token_name: 'ci',
      roles: [{ role_name: 'operator', assigned_by: 'admin', assigned_at: '2026-08-10T09:00:00.000000Z' }],
    },
    null,
    dana,
    { total_results: 1, start_index: 1, items_per_page: 1, users: [dana] },
    '',
    null,
    null,
  ]);
  expect(answers[3][0]).toEqual(token);
  for (const file of ['.osmo-ci-token', '.dana-token']) {
    const secret: unknown = JSON.parse(await readFile(join(home, file), 'utf8'));
    expect(secret).toMatch(/^tsr-/);
  }
});
