import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startProxmoxDouble } from '../../src/doubles/proxmox/double.ts';
import { freePort } from '../support/free-port.ts';
import { startTestServer } from '../support/server.ts';
import { followed, installInto } from './page.ts';

const PAGE = fileURLToPath(new URL('../../docs/broker.md', import.meta.url));

test('the commands of docs/broker.md make routes, explain a verdict, and hand a program a token that ends with it', async () => {
  const server = await startTestServer();
  const proxmox = await startProxmoxDouble({ delayScale: 0 });
  const folder = await mkdtemp(join(tmpdir(), 'tessera-docs-'));
  const file = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o755 });
  const api = (method: string, path: string, body?: unknown) =>
    server.call(method, `/api/v1${path}`, { token: server.admin, ...(body === undefined ? {} : { body }) });
  await api('POST', '/connections', {
    name: 'pve-lab',
    kind: 'proxmox',
    url: proxmox.url,
    trust: { mode: 'ca', ca: proxmox.ca },
    credential: { secret: proxmox.credentials.adminToken.full },
    test: false,
  });
  const { id } = (await api('GET', '/me')).json.token;
  await installInto(folder);
  // Whatever the program is: it reads the variables of its kind and calls through the route.
  await file(
    'terraform',
    `#!/bin/sh\nprintf %s "$TESSERA_TOKEN" > ${folder}/token\nexec curl -sf -H "Authorization: PVEAPIToken=$PROXMOX_VE_API_TOKEN" "$TESSERA_ROUTE_URL/api2/json/nodes"\n`,
  );

  const text = await readFile(PAGE, 'utf8');
  const [plain, secure] = [await freePort(), await freePort()];
  const until = (command: string) => `timeout -s INT 8 ${command} || [ $? = 124 ]`;
  const lines = [...text.matchAll(/^```(?:sh)?\n([\s\S]*?)^```$/gm)]
    .flatMap(([, block = '']) => block.split('\n'))
    .filter((line) => /^(TESSERA_\w+=\S+ )?tessera /.test(line))
    .map((line) =>
      line
        .replace('TOKEN-ID', id)
        .replace('TESSERA_TLS_PORT=8443 tessera serve', `tessera serve --port ${plain}`)
        .replace(/^tessera (?:serve|audit .*--follow).*$/, until),
    );
  const output = await followed(lines.join('\n'), folder, {
    TESSERA_URL: server.url,
    TESSERA_TOKEN: server.admin,
    TESSERA_DATA_DIR: join(folder, 'data'),
    TESSERA_TLS_PORT: String(secure),
  });
  expect(lines.length).toBeGreaterThan(8);
  expect(output).not.toContain(proxmox.credentials.adminToken.secret);
  const routes = (await api('GET', '/routes')).json.items.map(({ name }: { name: string }) => name);
  expect(routes.sort()).toEqual(['lab', 'metrics']);
  expect(output).toContain('"node"');
  const rows = (await api('GET', '/audit?route=lab')).json.items;
  expect(rows.map(({ action, path }: { action: string; path: string }) => `${action} ${path}`)).toContain(
    'route.used /api2/json/nodes',
  );
  const token = await readFile(join(folder, 'token'), 'utf8');
  expect((await server.call('GET', '/connect/lab/api2/json/nodes', { token })).status).toBe(401);
  await Promise.all([server.close(), proxmox.close()]);
  await rm(folder, { recursive: true });
});
