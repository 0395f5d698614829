import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { type Running, tessera } from '../support/process.ts';

let folder: string;
let running: Running[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tessera-first-'));
  running = [];
});
afterEach(async () => {
  for (const one of running) one.child.kill('SIGKILL');
  await Promise.all(running.map((one) => one.finished));
  await rm(folder, { recursive: true, force: true });
});

async function serve(): Promise<Running> {
  const started = tessera(['serve', '--data-dir', folder, '--port', String(await freePort())], {
    TESSERA_LOG_LEVEL: 'warn',
  });
  running.push(started);
  return started;
}

test('several processes started at once on an empty folder all come up with one key and one schema', async () => {
  const all = await Promise.all([serve(), serve(), serve(), serve()]);
  await Promise.all(all.map((one) => one.says('is listening')));
  for (const one of all) expect(one.output().stderr).toBe('');
});

const sizeOf = (name: string): Promise<number> =>
  stat(join(folder, name)).then(
    ({ size }) => size,
    () => -1,
  );

test.each([
  ['the key file is there', 'master.key', 1],
  ['the database file is there', 'tessera.sqlite', 0],
  ['the first table was written', 'tessera.sqlite-wal', 1],
  ['some tables were written', 'tessera.sqlite-wal', 60_000],
  ['most tables were written', 'tessera.sqlite-wal', 200_000],
])('a first start killed when %s is followed by one that works', async (_when, file, bytes) => {
  const first = await serve();
  let over = false;
  void first.finished.then(() => {
    over = true;
  });
  while (!over && (await sizeOf(file)) < bytes && !first.output().stdout.includes('is listening'));
  first.child.kill('SIGKILL');
  await first.finished;
  const second = await serve();
  await second.says('is listening');
  expect(second.output().stderr).toBe('');
});
