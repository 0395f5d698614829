import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startProxmoxDouble } from '../../src/doubles/proxmox/double.ts';
import { freePort } from '../support/free-port.ts';
import { commandsOf, followed, installInto } from './page.ts';

const PAGE = fileURLToPath(new URL('../../docs/machines.md', import.meta.url));
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGZvbyBiYXIgYmF6IHF1eCBxdXV4IGNvcmdl me@here';

test('the quick start of docs/machines.md, from setup to a machine, run as one script', async () => {
  const double = await startProxmoxDouble({ delayScale: 0, cloneMs: 20, taskMs: 10, bootMs: 10 });
  const folder = await mkdtemp(join(tmpdir(), 'tessera-quick-start-'));
  const file = (name: string, text: string, mode = 0o600) => writeFile(join(folder, name), text, { mode });
  await installInto(folder);
  await file('pve-ca.pem', double.ca);
  await file('pve-token.txt', double.credentials.flowToken.full);
  await file('password.txt', 'correct horse battery staple');
  await mkdir(join(folder, '.ssh'));
  await file('.ssh/id_ed25519.pub', KEY);
  const port = await freePort();
  const text = await readFile(PAGE, 'utf8');
  const script = commandsOf(text)
    .replaceAll('pve.example:8006', `127.0.0.1:${double.port}`)
    .replaceAll('http://127.0.0.1:8001', `http://127.0.0.1:${port}`);
  const output = await followed(`trap 'kill $(jobs -p); wait' EXIT\n${script}`, folder, {
    TESSERA_PORT: String(port),
  });
  expect(output).toContain(`Proxmox  ${double.url} (connection proxmox, checked certificate)`);
  expect(output).toMatch(/web-vm runs: guest \d+ on pve, 10\.77\./);
  expect(output).toMatch(/Log in: {2}ssh ubuntu@10\.77\./);
  const [whole, part] = [double.credentials.flowToken.full, double.credentials.flowToken.secret];
  for (const secret of [whole, part]) expect(output).not.toContain(secret);
  const made = [...double.cluster.guests.values()].filter((guest) =>
    ['test-vm', 'web-vm'].includes(guest.config.get('name') ?? ''),
  );
  expect(made).toMatchObject([{ node: 'pve', running: true }]);
  const config = Object.fromEntries(made[0]?.config ?? []);
  expect(config).toMatchObject({ name: 'test-vm', cores: '2', memory: '2048' });
  expect(config.scsi0).toContain('size=20G');
  await double.close();
  await rm(folder, { recursive: true });
});
