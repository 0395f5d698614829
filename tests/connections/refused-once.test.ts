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
