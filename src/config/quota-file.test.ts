import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readQuotaFile } from './quota-file.ts';
import { readSettings } from './settings.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tessera-quota-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(content: unknown): Promise<string> {
  const path = join(folder, 'quotas.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

test('parts left out are filled with nothing', async () => {
  const path = await file({
    default: { api: { cutouts: 10 } },
    groups: { g: { notebook: { cpu: 1, memory: 2 } } },
  });
  expect(readQuotaFile(path)).toEqual({
    ok: true,
    value: {
      default: { api: { cutouts: 10 }, disk: {}, notebook: null, tap: {} },
      groups: { g: { api: {}, disk: {}, notebook: { cpu: 1, memory: 2, spawn: true }, tap: {} } },
      bypass: [],
    },
  });
});

test('every fault in the file is listed with its place, and the server does not start', async () => {
  const path = await file({
    default: { api: { cutouts: -1 }, extra: 1 },
    groups: { g: { tap: { main: 5 } } },
  });
  const settings = readSettings({}, { TESSERA_QUOTA_FILE: path });
  const faults = settings.ok ? [] : settings.error;
  expect(faults.map(({ name }) => name)).toEqual(Array(3).fill('TESSERA_QUOTA_FILE'));
  const said = faults.map(({ message }) => message).join('\n');
  for (const place of ['default.api.cutouts', 'at default', 'groups.g.tap.main'])
    expect(said).toContain(place);
});

test('a file that is not there or not JSON is refused by its name', async () => {
  for (const path of [await file('{'), join(folder, 'absent.json')]) {
    const read = readQuotaFile(path);
    expect(read.ok ? [] : read.error.map((message) => message.slice(0, path.length))).toEqual([path]);
  }
});
