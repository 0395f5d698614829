import { afterEach, expect, test } from 'vitest';
import { broker, closeAll, connectProxmox, foreman, pinned, upstream } from './support.ts';

afterEach(closeAll);

async function proxmoxLab() {
  const server = await broker();
  const pve = await connectProxmox(server);
  await server.routeTo('lab', 'pve-lab');
  return { server, pve };
}

test('creating a route registers a scope for each of its levels', async () => {
  const { server } = await proxmoxLab();
  const { items } = (await server.api('GET', '/scopes')).json;
  const names = items.map((scope: { name: string }) => scope.name);
  expect(names).toEqual(expect.arrayContaining(['read:lab', 'power:lab', 'configure:lab', 'all:lab']));
});

test('a call with a Tessera token in place of the Proxmox secret reaches Proxmox with the secret of the connection', async () => {
  const { server, pve } = await proxmoxLab();
  const { token } = await server.token('read:lab');
  const answer = await server.call('GET', '/connect/lab/api2/json/nodes', {
    headers: { authorization: `PVEAPIToken=any@pve!any=${token}` },
  });
  expect(answer.status).toBe(200);
  expect(answer.json.data.length).toBe(2);
  const seen = pve.requests.at(-1);
  expect(seen?.url).toBe('/api2/json/nodes');
  expect(seen?.headers.authorization).toBe(`PVEAPIToken=${pve.credentials.adminToken.full}`);
  expect(JSON.stringify(pve.requests)).not.toContain(token);
});

test('a token without the scope is refused in the way of Proxmox, and the missing scope is named', async () => {
  const { server, pve } = await proxmoxLab();
  const { token } = await server.token('read:lab');
  const before = pve.requests.length;
  const answer = await fetch(`${server.url}/connect/lab/api2/json/nodes/pve/qemu/100/status/start`, {
    method: 'POST',
    headers: { authorization: `PVEAPIToken=any@pve!any=${token}` },
  });
  expect(answer.status).toBe(403);
  expect(answer.statusText).toBe(
    'Tessera: The token is missing the scope power:lab or configure:lab or all:lab',
  );
  expect(await answer.json()).toEqual({ data: null, message: expect.stringContaining('power:lab') });
  expect(pve.requests.length).toBe(before);
});

test('nobody gets a ticket, a token or a shell through a route, whatever the scope', async () => {
  const { server, pve } = await proxmoxLab();
  const { token } = await server.token('all:lab');
  const before = pve.requests.length;
  for (const [method, path] of [
    ['POST', '/api2/json/access/ticket'],
    ['POST', '/api2/extjs/access/ticket/'],
    ['PUT', '/api2/json/access/password'],
    ['POST', '/api2/json/access/users/root@pam/token/x'],
    ['POST', '/api2/json/access%2Fusers%2Froot@pam%2Ftoken%2Fx'],
    ['PUT', '/api2/json/access/acl'],
    ['POST', '/api2/json/nodes/pve/execute'],
    ['POST', '/api2/json/nodes/pve/qemu/100/termproxy'],
    ['POST', '/api2/json/nodes/pve/qemu/100/agent/exec'],
    ['POST', '/api2/json/nodes/pve/qemu/100/%61gent/exec'],
    ['GET', '/'],
  ] as const) {
    const answer = await server.call(method, `/connect/lab${path}`, { token });
    expect([method, path, answer.status]).toEqual([method, path, 403]);
  }
  expect(pve.requests.length).toBe(before);
});

test('hammer reaches Foreman with Basic, its own description of the API without a credential', async () => {
  const server = await broker();
  const fm = await foreman();
  const { login, token } = fm.credentials.inventoryToken;
  await server.connection('fm', {
    kind: 'foreman',
    url: fm.url,
    trust: pinned(fm),
    credential: { method: 'basic', user: login, secret: token },
    test: false,
  });
  await server.routeTo('inventory', 'fm');
  const caller = await server.token('read:inventory');
  const basic = `Basic ${Buffer.from(`anybody:${caller.token}`).toString('base64')}`;
  const hosts = await server.call('GET', '/connect/inventory//api/hosts?page=1', {
    headers: { authorization: basic, cookie: '_session_id=stale' },
  });
  expect(hosts.status).toBe(200);
  expect(hosts.headers.getSetCookie()).toEqual([]);
  const seen = fm.requests.at(-1);
  expect(seen?.url).toBe('/api/hosts?page=1');
  expect(seen?.headers.cookie).toBeUndefined();
  expect(seen?.headers.authorization).toBe(`Basic ${Buffer.from(`${login}:${token}`).toString('base64')}`);
  const described = await server.call('GET', '/connect/inventory/apidoc/v2.en.json');
  expect(described.status).not.toBe(401);
  expect(fm.requests.at(-1)?.headers.authorization).toBeUndefined();
  const refused = await server.call('DELETE', '/connect/inventory/api/hosts/1', {
    headers: { authorization: basic },
  });
  expect(refused.status).toBe(403);
  expect(refused.json.error.missing_permissions).toEqual(['configure:inventory', 'all:inventory']);
  for (const path of ['/api/v2/hosts/1/enc', '/api/hosts/1/enc.json', '/api/users/1/personal_access_tokens'])
    expect(
      (await server.call('GET', `/connect/inventory${path}`, { headers: { authorization: basic } })).status,
    ).toBe(403);
});

test('each call leaves a row that says who, with which token, on which route, what, and how it ended', async () => {
  const { server } = await proxmoxLab();
  const { token, id } = await server.token('read:lab');
  await server.call('GET', '/connect/lab/api2/json/version?secret=1', {
    headers: { authorization: `PVEAPIToken=root@pam!mine=${token}` },
  });
  const [row] = await server.rows('lab');
  expect(row).toMatchObject({
    action: 'route.used',
    actor: 'admin',
    token: id,
    route: 'lab',
    method: 'GET',
    path: '/api2/json/version',
    status: 400,
    detail: { beside: 'root@pam!mine' },
  });
  expect(row.detail.bytes).toBeGreaterThan(0);
});

test('the dry run explains the verdict of the relay and sends nothing', async () => {
  const { server, pve } = await proxmoxLab();
  const { token } = await server.token('read:lab');
  const before = pve.requests.length;
  const asked = async (method: string, path: string, with_: string | undefined = token) =>
    (await server.api('POST', '/routes/lab/check', { token: with_, method, path })).json;
  expect(await asked('GET', '/api2/json/nodes')).toMatchObject({
    allowed: true,
    status: 200,
    username: 'admin',
  });
  expect(await asked('POST', '/api2/json/nodes/pve/qemu/1/status/stop')).toMatchObject({
    allowed: false,
    status: 403,
    missing: ['power:lab', 'configure:lab', 'all:lab'],
  });
  expect(await asked('POST', '/api2/json/access/ticket')).toMatchObject({ allowed: false, needs: [] });
  expect(await asked('GET', '/api2/json/../x')).toMatchObject({ allowed: false, status: 400 });
  expect(await asked('GET', '/api2/json/nodes', 'tsr-nonsense')).toMatchObject({
    allowed: false,
    status: 401,
  });
  expect(pve.requests.length).toBe(before);
});

test('a service with nothing to inject is guarded by rules alone', async () => {
  const server = await broker();
  const sasquatch = await upstream();
  await server.route('metrics', sasquatch.url, {
    presets: false,
    rules: [{ methods: ['POST'], path: '/topics/**', scopes: ['write:sasquatch'] }],
  });
  const { token } = await server.token('write:sasquatch');
  const posted = await server.call('POST', '/connect/metrics/topics/lsst.example', {
    token,
    body: { records: [] },
  });
  expect([posted.status, posted.text]).toEqual([200, 'ok']);
  expect(sasquatch.received.join('')).not.toContain(token);
  expect(sasquatch.received.join('')).not.toMatch(/authorization/i);
  expect((await server.call('GET', '/connect/metrics/topics/x', { token })).status).toBe(403);
  expect((await server.call('POST', '/connect/metrics/topics/x')).status).toBe(401);
});

test('whoever lacks admin:routes neither makes nor changes nor removes a route', async () => {
  const { server } = await proxmoxLab();
  const { token } = await server.token('read:connections');
  expect((await server.api('GET', '/routes', undefined, token)).status).toBe(200);
  expect((await server.api('POST', '/routes', { name: 'x', to: 'https://x.example' }, token)).status).toBe(
    403,
  );
  expect((await server.api('PATCH', '/routes/lab', { presets: true }, token)).status).toBe(403);
  expect((await server.api('DELETE', '/routes/lab', undefined, token)).status).toBe(403);
});
