import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { type Running, tessera } from '../support/process.ts';
import { PASSWORD } from '../support/server.ts';

let folder: string;
let port: number;
let running: Running | null = null;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tessera-older-'));
  port = await freePort();
});
afterEach(async () => {
  running?.child.kill('SIGKILL');
  await running?.finished;
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<string> {
  running = tessera(['serve', '--data-dir', folder, '--port', String(port)]);
  return running.says(/ {2}npx tessera setup|\/docs/);
}

async function stop(): Promise<void> {
  running?.child.kill('SIGTERM');
  await running?.finished;
}

async function post(path: string, token: string, body?: unknown) {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.ok).toBe(true);
  return response.json() as Promise<{ token: string; intact: boolean; faults: { kind: string }[] }>;
}

test('an older copy of the database file put back still shows after the trail has grown past it', async () => {
  const [secret = ''] = /tsr-\S+/.exec(await start()) ?? [];
  const { token } = await post('/setup', secret, { username: 'admin', password: PASSWORD });
  const mint = () => post('/service-tokens', token, { username: 'bot-work', scopes: [] });
  const file = join(folder, 'tessera.sqlite');

  await mint();
  await stop();
  await copyFile(file, join(folder, 'copy'));
  await start();
  for (let row = 0; row < 2; row++) await mint();
  await stop();
  await copyFile(join(folder, 'copy'), file);

  for (let round = 0; round < 2; round++) {
    await start();
    for (let row = 0; row < 4; row++) await mint();
    await stop();
    expect(running?.child.exitCode).toBe(0);
  }
  await start();
  const report = await post('/audit/verify', token);
  expect(report.intact).toBe(false);
  expect(report.faults.map(({ kind }) => kind)).toEqual(['rolled_back']);
});
