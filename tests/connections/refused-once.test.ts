import { afterEach, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/database.ts';
import { bench, closeAll, foreman, later, pinned, proxmox } from './support.ts';

afterEach(closeAll);

/** Everybody at once: tests and uses, on the process that stored the connection and on its replica. */
async function everybody(engine: (typeof ENGINES)[number], connection: object, use: string) {
  const server = await bench({ engine });
  const stored = await server.api('POST', '/connections', { name: 'lab', test: false, ...connection });
  expect(stored.status, stored.text).toBe(201);
  const replica = later(await server.replica());
  const token = server.admin;
  const calls = [server, replica].flatMap(({ call }) => [
    call('POST', '/api/v1/connections/lab/test', { token }),
    call('GET', `/api/v1/connections/lab/${use}`, { token }),
    call('POST', '/api/v1/connections/lab/test', { token }),
    call('GET', `/api/v1/connections/lab/${use}`, { token }),
  ]);
  const answers = await Promise.all(calls);
  await Promise.all([server, replica].map(({ app }) => app.tendConnections()));
  return { server, replica, answers };
}

/** Connections behind routes of two processes; `calls` sends so many to each route on each, all at once. */
async function overRoutes(engine: (typeof ENGINES)[number], connections: readonly object[]) {
  const server = await bench({ engine });
  for (const [at, connection] of connections.entries()) {
    const stored = await server.api('POST', '/connections', {
      name: `lab-${at}`,
      test: false,
      ...connection,
    });
    expect(stored.status, stored.text).toBe(201);
    const route = await server.api('POST', '/routes', { name: `route-${at}`, connection: `lab-${at}` });
    expect(route.status, route.text).toBe(201);
  }
  const scopes = connections.map((_, at) => `read:route-${at}`);
  const { token } = (await server.api('POST', '/tokens', { name: 'caller', scopes })).json;
  const replica = later(await server.replica());
  const calls = (path: string, each: number, routes = [...connections.keys()]) =>
    Promise.all(
      [server, replica].flatMap(({ call }) =>
        routes.flatMap((at) =>
          Array.from({ length: each }, () => call('GET', `/connect/route-${at}${path}`, { token })),
        ),
      ),
    );
  return { api: server.api, calls };
}

describe.each(ENGINES)('a refused password, on %s', (engine) => {
  test('is sent to Proxmox VE once, however many processes are asked to', async () => {
    const double = await proxmox();
    const { answers, server, replica } = await everybody(
      engine,
      {
        kind: 'proxmox',
        url: double.url,
        trust: pinned(double),
        credential: { method: 'password', user: double.credentials.maker.user, secret: 'not-the-password' },
      },
      'nodes',
    );
    const logins = () => double.requests.filter((request) => request.path.includes('/access/ticket')).length;
    expect(logins()).toBe(1);
    const codes = answers.flatMap(({ json }) =>
      (json.findings ?? []).map((one: { code: string }) => one.code),
    );
    expect(new Set(codes)).toEqual(new Set([...codes, 'NOT_SENT_AGAIN']));

    // Stored anew, it is tried anew, by both.
    const { maker } = double.credentials;
    const mended = await server.api('PATCH', '/connections/lab', {
      credential: { method: 'password', user: maker.user, secret: maker.password },
    });
    expect(mended.json.report.ok, mended.text).toBe(true);
    for (const one of [server, replica]) {
      const nodes = () => one.call('GET', '/api/v1/connections/lab/nodes', { token: server.admin });
      await expect.poll(async () => (await nodes()).status, { timeout: 10_000 }).toBe(200);
    }
  });

  test('is counted by Foreman once, however many processes are asked to', async () => {
    const double = await foreman();
    await everybody(
      engine,
      {
        kind: 'foreman',
        url: double.url,
        trust: pinned(double),
        credential: { user: 'inventory', secret: 'not-the-password' },
      },
      'hypervisors',
    );
    const counted = [...double.foreman.failures.values()];
    expect(counted.map((failure) => failure.count)).toEqual([1]);
  });

  test('is sent to Proxmox VE once, however many calls over a route wait for its ticket', async () => {
    const double = await proxmox();
    const { user, password } = double.credentials.maker;
    const { calls, api } = await overRoutes(engine, [
      {
        kind: 'proxmox',
        url: double.url,
        trust: pinned(double),
        credential: { method: 'password', user, secret: 'not-the-password' },
      },
    ]);
    const logins = () => double.requests.filter((request) => request.path.includes('/access/ticket')).length;
    const answers = await calls('/api2/json/nodes', 5);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    expect(logins()).toBe(1);
    expect(double.requests.filter((request) => request.path.includes('/nodes'))).toEqual([]);

    const mended = await api('PATCH', '/connections/lab-0', {
      credential: { method: 'password', user, secret: password },
    });
    expect(mended.json.report.ok, mended.text).toBe(true);
    await expect
      .poll(async () => new Set((await calls('/api2/json/nodes', 1)).map(({ status }) => status)))
      .toEqual(new Set([200]));
  });

  test('of many connections is refused over routes no more often than there is room for, and locks nobody out', async () => {
    const double = await foreman();
    const { login, token } = double.credentials.inventoryToken;
    const connection = (user: string, secret: string) => ({
      kind: 'foreman',
      url: double.url,
      trust: pinned(double),
      credential: { user, secret },
    });
    const wrong = Array.from({ length: 14 }, (_, at) =>
      connection('inventory', `wrong-password-number-${at}`),
    );
    const { calls } = await overRoutes(engine, [...wrong, connection(login, token)]);
    const counted = () => [...double.foreman.failures.values()].map(({ count }) => count);
    // One that works before the budget is used up goes on working.
    const good = (await calls('/api/hosts', 1, [14])).map(({ status }) => status);
    expect(good).toEqual([200, 200]);
    const answers = await calls('/api/hosts', 3, [...wrong.keys()]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    expect(counted()).toEqual([8]);
    const later = await calls('/api/hosts', 1);
    expect(later.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(2);
    expect(counted()).toEqual([8]);
  });

  test('of a token that dies while routes carry it is counted, and asked about once', async () => {
    const double = await foreman();
    const { login, token, id } = double.credentials.inventoryToken;
    const { calls } = await overRoutes(engine, [
      { kind: 'foreman', url: double.url, trust: pinned(double), credential: { user: login, secret: token } },
    ]);
    expect((await calls('/api/hosts', 1)).map(({ status }) => status)).toEqual([200, 200]);
    const held = double.foreman.tokens.get(id);
    if (held !== undefined) held.revoked = true;
    // Each process learns of it by one call; then the login that asks is refused for both.
    for (let turn = 0; turn < 5; turn += 1) await calls('/api/hosts', 1);
    const [counted = 0] = [...double.foreman.failures.values()].map(({ count }) => count);
    expect(counted).toBeGreaterThan(0);
    expect(counted).toBeLessThanOrEqual(3);
  });

  test('of many connections together is refused by Foreman no more often than there is room for', async () => {
    const double = await foreman();
    const server = await bench({ engine });
    for (let count = 0; count < 14; count += 1) {
      const stored = await server.api('POST', '/connections', {
        name: `lab-${count}`,
        kind: 'foreman',
        url: double.url,
        trust: pinned(double),
        credential: { user: 'inventory', secret: `wrong-password-number-${count}` },
        test: false,
      });
      expect(stored.status, stored.text).toBe(201);
    }
    const replica = later(await server.replica());
    const token = server.admin;
    const answers = await Promise.all(
      Array.from({ length: 14 }, (_, count) =>
        (count % 2 === 0 ? server : replica).call('POST', `/api/v1/connections/lab-${count}/test`, { token }),
      ),
    );
    const codes = answers.map(({ json }) => json.findings.at(-1).code).sort();
    expect(codes.filter((code) => code === 'FOREMAN_LOGIN_REFUSED')).toHaveLength(8);
    expect(codes.filter((code) => code === 'FOREMAN_TESTS_CAPPED')).toHaveLength(6);
    expect([...double.foreman.failures.values()].map(({ count }) => count)).toEqual([8]);
  });
});
