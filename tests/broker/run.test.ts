import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openDesk } from '../cli/harness.ts';
import { broker, closeAll, later, pinned, proxmox } from './support.ts';

afterEach(closeAll);

test('a child gets a token that works while it runs and is revoked when it ends, and its exit code is kept', async () => {
  const server = await broker();
  const pve = await proxmox();
  await server.connection('pve-lab', {
    kind: 'proxmox',
    url: pve.url,
    trust: pinned(pve),
    credential: { secret: pve.credentials.adminToken.full },
    test: false,
  });
  await server.routeTo('lab', 'pve-lab');
  const folder = await mkdtemp(join(tmpdir(), 'tessera-run-'));
  later({ close: () => rm(folder, { recursive: true }) });
  const desk = await openDesk();
  later({ close: () => desk.clear() });
  const env = { PATH: process.env.PATH ?? '', TESSERA_URL: server.url, TESSERA_TOKEN: server.admin };
  const script = `curl -s -H "Authorization: PVEAPIToken=$PROXMOX_VE_API_TOKEN" "$TESSERA_ROUTE_URL/api2/json/version" > ${folder}/answer; printf %s "$TESSERA_TOKEN" > ${folder}/token; exit 7`;
  const ended = await desk.run(['run', '--connection', 'pve-lab', '--', 'sh', '-c', script], { env });
  expect(ended.code).toBe(7);
  expect(await readFile(join(folder, 'answer'), 'utf8')).toContain('"release"');
  const token = await readFile(join(folder, 'token'), 'utf8');
  expect(token).not.toBe(server.admin);
  expect((await server.call('GET', '/connect/lab/api2/json/version', { token })).status).toBe(401);
  const missing = await desk.run(['run', '--route', 'lab', '--', 'no-such-program-here'], { env });
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('there is no such program')]);
  const live = (await server.api('GET', '/tokens')).json.items.filter(
    (item: { name: string | null; state: string }) =>
      item.name?.startsWith('run ') && item.state === 'active',
  );
  expect(live).toEqual([]);
});
