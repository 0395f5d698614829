import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startForemanDouble } from '../../src/doubles/foreman/double.ts';
import { startProxmoxDouble } from '../../src/doubles/proxmox/double.ts';
import { startTestServer } from '../support/server.ts';
import { commandsOf, followed, installInto } from './page.ts';

const PAGE = fileURLToPath(new URL('../../docs/connections.md', import.meta.url));

test('the commands of docs/connections.md connect Proxmox VE and Foreman and find them well', async () => {
  const server = await startTestServer();
  const proxmox = await startProxmoxDouble({ delayScale: 0 });
  const foreman = await startForemanDouble();
  const folder = await mkdtemp(join(tmpdir(), 'tessera-docs-'));
  const file = (name: string, text: string, mode = 0o600) => writeFile(join(folder, name), text, { mode });
  const { credentials } = proxmox;
  const { inventory, inventoryToken } = foreman.credentials;
  await installInto(folder);
  await file('pve-ca.pem', proxmox.ca);
  await file('pve-token.txt', credentials.flowToken.full);
  await file('root-password.txt', credentials.root.password);
  await file('foreman-ca.pem', foreman.ca);
  await file('foreman-token.txt', `${inventoryToken.login}:${inventoryToken.token}`);
  await file('foreman-password.txt', inventory.password);

  const text = await readFile(PAGE, 'utf8');
  const script = commandsOf(text)
    .replaceAll('https://pve.example:8006', proxmox.url)
    .replaceAll('https://foreman.example', foreman.url);
  const output = await followed(script, folder, {
    TESSERA_URL: server.url,
    TESSERA_TOKEN: server.admin,
  });
  expect(output).not.toContain(credentials.root.password);
  const { items } = (await server.call('GET', '/api/v1/connections', { token: server.admin })).json;
  expect(items.map(({ name, state }: { name: string; state: string }) => [name, state])).toEqual([
    ['lab', 'healthy'],
    ['pve-lab', 'healthy'],
  ]);
  await Promise.all([server.close(), proxmox.close(), foreman.close()]);
  await rm(folder, { recursive: true });
});
