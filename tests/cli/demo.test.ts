import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Tessera } from '../../src/client/index.ts';
import { freePort } from '../support/free-port.ts';
import { type Running, tessera } from '../support/process.ts';

let place: string;
const running: Running[] = [];

function demoOn(port: number): Running {
  const one = tessera(['demo', '--port', String(port)], { TMPDIR: place });
  running.push(one);
  return one;
}

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'tessera-of-demo-'));
});
afterEach(async () => {
  for (const one of running.splice(0)) {
    one.child.kill('SIGTERM');
    await one.finished;
  }
});
afterAll(() => rm(place, { recursive: true, force: true }));

const isDown = (url: string): Promise<boolean> =>
  fetch(`${url}/health`).then(
    () => false,
    () => true,
  );

test('one command shows all of it: people, tokens, connections, routes and a trail; Ctrl-C leaves nothing', async () => {
  const port = await freePort();
  const demo = demoOn(port);
  const screen = await demo.says('/connect/lab/api2/json/nodes');
  for (const line of screen.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80 + place.length);
  const shape = screen.replaceAll(place, '/tmp');
  for (const line of shape.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  expect(screen.split('\n').length).toBeLessThanOrEqual(24);

  const url = `http://127.0.0.1:${port}`;
  expect(screen).toContain(url);
  const [, password = ''] = /admin +(\S+)/.exec(screen) ?? [];
  const session = await new Tessera({ url }).session.signIn({ username: 'admin', password });
  const admin = new Tessera({ url, token: session.token ?? '' });

  const connections = (await admin.connections.list()).items;
  expect(Object.fromEntries(connections.map(({ name, state }) => [name, state]))).toEqual({
    'pve-lab': 'healthy',
    'pve-annex': 'failed',
    foreman: 'healthy',
  });
  expect(connections.every(({ trust }) => trust.mode === 'pin')).toBe(true);
  expect(connections.find(({ name }) => name === 'pve-annex')?.last_test?.findings).toContainEqual(
    expect.objectContaining({ code: 'PRIVSEP_EMPTY' }),
  );
  expect((await admin.routes.list()).items.map(({ name }) => name).sort()).toEqual([
    'hosts',
    'lab',
    'metrics',
  ]);
  const jobs = (await admin.jobs.list()).items;
  expect(jobs.find(({ machine }) => machine.name === 'build-7')).toMatchObject({
    state: 'rolled_back',
    problem: { sentence: expect.stringContaining('insufficient free space') },
  });
  const web = jobs.find(({ machine }) => machine.name === 'web-1');
  for await (const job of admin.jobs.follow(web?.id ?? ''))
    if (job.ended) expect([job.state, job.machine.version]).toEqual(['done', '22.04']);
  expect((await admin.users.list()).items.map(({ username }) => username)).toEqual(
    expect.arrayContaining(['admin', 'alice', 'bruno', 'bot-metrics']),
  );
  const tokens = [];
  for await (const token of admin.tokens.list({ user: '*', state: 'all' })) tokens.push(token);
  expect(tokens.find(({ name }) => name === 'old-laptop')?.state).toBe('revoked');
  expect(tokens.find(({ username }) => username === 'bot-metrics')).toMatchObject({
    type: 'service',
    scopes: ['write:sasquatch'],
  });

  const [, file = ''] = /\$\(cat (\S+)\)/.exec(screen) ?? [];
  const labToken = await readFile(file, 'utf8');
  const nodes = await fetch(`${url}/connect/lab/api2/json/nodes`, {
    headers: { authorization: `Bearer ${labToken}` },
  });
  expect(nodes.status).toBe(200);
  const trail = await (
    await fetch(`${url}/api/v1/audit?limit=200`, {
      headers: { authorization: `Bearer ${session.token}` },
    })
  ).text();
  for (const action of ['route.used', 'route.refused', 'token.revoked', 'connection.tested'])
    expect(trail).toContain(`"${action}"`);

  demo.child.kill('SIGINT');
  const { code, stderr } = await demo.finished;
  expect(code).toBe(0);
  expect(stderr).toContain('its folder is removed');
  expect(await readdir(place)).toEqual([]);
  expect(await isDown(url)).toBe(true);
});

test.each(['stand-ins', 'a server', 'connections', 'people'])(
  'stopped while it starts (%s), it leaves nothing either',
  async (part) => {
    const demo = demoOn(await freePort());
    await new Promise<void>((resolve) => {
      demo.child.stderr?.on('data', (chunk) => {
        if (String(chunk).includes(`Starting: ${part}`)) resolve();
      });
      void demo.finished.then(() => resolve());
    });
    demo.child.kill('SIGINT');
    const { code, stdout } = await demo.finished;
    expect(code).toBe(0);
    expect(stdout).toBe('');
    expect(await readdir(place)).toEqual([]);
  },
);

test('a port in use is named, and nothing is left', async () => {
  const port = await freePort();
  const { createServer } = await import('node:net');
  const other = createServer().listen(port, '127.0.0.1');
  const { code, stderr } = await demoOn(port).finished;
  expect(code).toBe(1);
  expect(stderr).toContain(`Port ${port} on 127.0.0.1 is in use`);
  expect(await readdir(place)).toEqual([]);
  await new Promise((resolve) => other.close(resolve));
});
