import { afterEach, expect, test, vi } from 'vitest';
import { broker, closeAll, pinned, plainAnswer, proxmox, upstream } from './support.ts';

afterEach(closeAll);

test('a connection with a password rides on one ticket for all calls, with the CSRF header on writes', async () => {
  const server = await broker();
  const pve = await proxmox();
  const { administrator } = pve.credentials;
  await server.connection('pve', {
    kind: 'proxmox',
    url: pve.url,
    trust: pinned(pve),
    credential: { method: 'password', user: administrator.user, secret: administrator.password },
    test: false,
  });
  await server.routeTo('lab', 'pve');
  const { token } = await server.token('all:lab');
  const authorization = `PVEAPIToken=a@pve!b=${token}`;
  const before = pve.requests.length;
  const reads = await Promise.all(
    Array.from({ length: 8 }, () =>
      server.call('GET', '/connect/lab/api2/json/nodes', { headers: { authorization } }),
    ),
  );
  expect(reads.map((answer) => answer.status)).toEqual(Array(8).fill(200));
  const written = await server.call('POST', '/connect/lab/api2/json/pools', {
    headers: { authorization },
    body: new URLSearchParams({ poolid: 'mine' }),
  });
  expect(written.status).toBe(200);
  const seen = pve.requests.slice(before);
  expect(seen.filter((request) => request.path.endsWith('/access/ticket')).length).toBe(1);
  expect(seen.at(-1)?.headers.csrfpreventiontoken).toBeDefined();
  expect(
    seen.find((request) => request.path.endsWith('/nodes'))?.headers.csrfpreventiontoken,
  ).toBeUndefined();
  expect(JSON.stringify(reads.map((answer) => answer.text))).not.toContain('PVE:');
});

test('a ticket of the connection does not come back, as it was sent or as the other system reads it', async () => {
  const server = await broker();
  const ticket = 'PVE:root@pam:6A2B3C4D::c2lnbmF0dXJlL3dpdGgrbWFya3M==';
  const up = await upstream((request) => {
    if (request.startsWith('POST /api2/json/access/ticket '))
      return plainAnswer(JSON.stringify({ data: { ticket, CSRFPreventionToken: '6A2B3C4D:c3JmLXRva2Vu' } }));
    const cookie = /\r\nCookie: PVEAuthCookie=(\S+)/.exec(request)?.[1] ?? '';
    return plainAnswer(`sent ${cookie}, read ${decodeURIComponent(cookie)}`);
  });
  await server.connection('pve', {
    kind: 'proxmox',
    url: up.url,
    trust: { mode: 'system' },
    credential: { method: 'password', user: 'root@pam', secret: 'correct horse battery' },
    test: false,
  });
  await server.routeTo('lab', 'pve');
  const { token } = await server.token('read:lab');
  const answer = await server.call('GET', '/connect/lab/api2/json/nodes', { token });
  expect([answer.status, answer.text]).toEqual([200, expect.stringMatching(/^sent \*{20,}, read \*{20,}$/)]);
});

test('a ticket is renewed before its end, once for all calls of the moment, and none of them fails', async () => {
  const server = await broker();
  const pve = await proxmox();
  const { administrator } = pve.credentials;
  await server.connection('pve', {
    kind: 'proxmox',
    url: pve.url,
    trust: pinned(pve),
    credential: { method: 'password', user: administrator.user, secret: administrator.password },
    test: false,
  });
  await server.routeTo('lab', 'pve');
  const { token } = await server.token('all:lab');
  const logins = () => pve.requests.filter((request) => request.path.endsWith('/access/ticket')).length;
  const many = async (): Promise<number[]> =>
    (
      await Promise.all(
        Array.from({ length: 10 }, () => server.call('GET', '/connect/lab/api2/json/nodes', { token })),
      )
    ).map((answer) => answer.status);
  expect(await many()).toEqual(Array(10).fill(200));
  const first = logins();
  expect(await many()).toEqual(Array(10).fill(200));
  expect(logins()).toBe(first);
  // A ticket of Proxmox lives for two hours.
  server.pass(6600);
  expect(await many()).toEqual(Array(10).fill(200));
  expect(logins()).toBe(first + 1);
});

test('a credential that the other system refuses is not sent on and on, and its connection says so', async () => {
  const server = await broker();
  const pve = await proxmox();
  const { adminToken } = pve.credentials;
  await server.connection('pve', {
    kind: 'proxmox',
    url: pve.url,
    trust: pinned(pve),
    credential: { secret: `${adminToken.tokenid}=11111111-2222-3333-4444-555555555555` },
    test: false,
  });
  await server.routeTo('lab', 'pve');
  const caller = await server.token('read:lab');
  const call = () => server.call('GET', '/connect/lab/api2/json/version', { token: caller.token });
  const kinds = async (): Promise<string[]> =>
    (await server.api('GET', '/events')).json.items.map((event: { kind: string }) => event.kind);
  for (let turn = 0; turn < 3; turn++) expect((await call()).status).toBe(401);
  const paused = await call();
  expect(paused.status).toBe(503);
  expect(paused.text).toMatch(/refuse/);
  // The refusals made Tessera test the connection, which is what marks it and raises the event.
  await vi.waitFor(async () => expect(await kinds()).toContain('credential_refused'));
  const before = pve.requests.length;
  server.pass(61);
  const later = await call();
  expect([later.status, later.headers.get('tessera-refusal')]).toEqual([503, 'upstream_failed']);
  expect(pve.requests.length).toBe(before);
  await server.api('PATCH', '/connections/pve', { credential: { secret: adminToken.full } });
  await vi.waitFor(async () => expect((await call()).status).toBe(200));
});

test('a fallback that stands in for a refused credential is seen in the row of each call, in the trail and in the events', async () => {
  const server = await broker();
  const pve = await proxmox();
  const { flowToken, maker } = pve.credentials;
  await server.connection('pve', {
    kind: 'proxmox',
    url: pve.url,
    trust: pinned(pve),
    credential: { secret: flowToken.full },
    fallback: { password: maker.password, enabled: true },
    test: false,
  });
  await server.routeTo('lab', 'pve');
  const { token } = await server.token('read:lab');
  const call = async () => (await server.call('GET', '/connect/lab/api2/json/nodes', { token })).status;
  const rows = async (filter: string) => (await server.api('GET', `/audit?${filter}`)).json.items;
  expect(await call()).toBe(200);
  // The token dies upstream; the password is used once that is certain.
  pve.cluster.users.get(flowToken.user)?.tokens.delete(flowToken.name);
  for (let turn = 0; turn < 3; turn++) expect(await call()).toBe(401);
  await vi.waitFor(async () => expect(await call()).toBe(200), { timeout: 5000 });
  await vi.waitFor(async () => {
    const [last, ...before] = await rows('route=lab&action=route.used');
    expect(last).toMatchObject({ status: 200, detail: { fell_back: true } });
    expect(before.at(-1)?.detail).not.toHaveProperty('fell_back');
  });
  await vi.waitFor(async () => expect((await rows('action=connection.fell_back')).length).toBeGreaterThan(1));
  const kinds = (await server.api('GET', '/events')).json.items.map((event: { kind: string }) => event.kind);
  expect(kinds).toContain('fallback_used');
});

test('nothing is sent to a system that does not prove who it is', async () => {
  const server = await broker();
  const pve = await proxmox();
  const other = await proxmox();
  await server.connection('pve', {
    kind: 'proxmox',
    url: pve.url,
    trust: pinned(other),
    credential: { secret: pve.credentials.adminToken.full },
    test: false,
  });
  await server.routeTo('lab', 'pve');
  const { token } = await server.token('read:lab');
  const answer = await server.call('GET', '/connect/lab/api2/json/nodes', { token });
  expect([answer.status, answer.headers.get('tessera-refusal')]).toEqual([502, 'pin_mismatch']);
  expect(pve.requests).toEqual([]);
});
