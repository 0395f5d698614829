import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { adoptConnection, withEnvFile } from '../../src/env-file.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let folder: string;
beforeEach(async () => {
  server = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), 'tessera-env-'));
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const SECRET = '01234567-89ab-cdef-0123-456789abc0de';
const PIN = Array(32).fill('AB').join(':');
/** Nothing listens on that port: whatever is done here is done while Proxmox VE is down. */
const ENV = `PROXMOX_HOST=127.0.0.1:9
PROXMOX_USER=root@pam
PROXMOX_TOKEN_NAME=glassdome-token
PROXMOX_TOKEN_VALUE=${SECRET}
PROXMOX_TLS_FINGERPRINT=${PIN}
PROXMOX_NODE=pve
UBUNTU_2204_TEMPLATE_ID=9000
SOMEBODY_ELSES=thing
`;
const write = (text: string) => writeFile(join(folder, '.env'), text, { mode: 0o600 });
const adopt = (environment = {}) =>
  adoptConnection({ folder, environment, connections: server.app.connections, clock: systemClock });
const connections = async () =>
  (await server.call('GET', '/api/v1/connections', { token: server.admin })).json.items;

test('templates and node come from .env, a variable of the environment goes before, and nothing else comes', async () => {
  await write(ENV);
  const found = await withEnvFile(folder, { UBUNTU_2204_TEMPLATE_ID: '9500', PATH: '/bin' });
  expect(found).toEqual({
    ok: true,
    value: { UBUNTU_2204_TEMPLATE_ID: '9500', PROXMOX_NODE: 'pve', PATH: '/bin' },
  });
});

test('without settings there is no connection, and that is no fault', async () => {
  expect(await adopt()).toEqual({ ok: true, value: null });
  expect(await connections()).toEqual([]);
});

test('the connection is made once, while Proxmox VE is down, and its secret is in no answer', async () => {
  await write(ENV);
  expect(await adopt()).toMatchObject({
    ok: true,
    value: { name: 'proxmox', origin: 'https://127.0.0.1:9', trust: 'pinned certificate' },
  });
  await adopt();
  const [made, more] = await connections();
  expect(more).toBeUndefined();
  expect(made).toMatchObject({
    name: 'proxmox',
    identity: 'root@pam!glassdome-token',
    trust: { mode: 'pin' },
  });
  const trail = await server.call('GET', '/api/v1/audit', { token: server.admin });
  expect(trail.json.items.map((row: { actor: string }) => row.actor)).toContain('<env>');
  expect(JSON.stringify([made, trail.json, server.logged])).not.toContain(SECRET);
});

test('a newer file is taken again, until somebody changed the connection here', async () => {
  await write(ENV);
  await adopt();
  const later = (seconds: number) =>
    utimes(join(folder, '.env'), new Date(), new Date(Date.now() + seconds * 1000));
  await write(ENV.replace('glassdome-token', 'second'));
  await later(5);
  await adopt();
  expect((await connections())[0].identity).toBe('root@pam!second');
  const changed = await server.call('PATCH', '/api/v1/connections/proxmox', {
    token: server.admin,
    body: { credential: { secret: `root@pam!mine=${SECRET}` }, test: false },
  });
  expect(changed.status, changed.text).toBe(200);
  await later(60);
  await adopt();
  expect((await connections())[0].identity).toBe('root@pam!mine');
});

test('a file that is not usable is refused by the name of its setting', async () => {
  await write(ENV.replace(`PROXMOX_TOKEN_VALUE=${SECRET}\n`, ''));
  expect(await adopt()).toMatchObject({ ok: false, error: { code: 'invalid_request' } });
  expect(await connections()).toEqual([]);
});
