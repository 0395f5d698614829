import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openDesk } from '../cli/harness.ts';
import { openTerminal } from '../cli/pseudo-terminal.ts';
import { PROGRAM } from '../support/process.ts';
import { broker, closeAll, connectProxmox, later } from './support.ts';

afterEach(closeAll);

test('a child gets a token that works while it runs and is revoked when it ends, and its exit code is kept', async () => {
  const server = await broker();
  const _pve = await connectProxmox(server);
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

describe('a child that is stopped', () => {
  test.each([
    ['by a signal to tessera, which it gets and answers with its own exit code', 'SIGTERM', 9],
    ['by kill -9, which nobody can answer', 'SIGKILL', 137],
  ] as const)('%s: its token is revoked, and nobody was shown the secret', async (_how, signal, code) => {
    const server = await broker();
    const pve = await connectProxmox(server);
    const secret = pve.credentials.adminToken.secret;
    await server.routeTo('lab', 'pve-lab');
    const folder = await mkdtemp(join(tmpdir(), 'tessera-run-'));
    later({ close: () => rm(folder, { recursive: true }) });
    const script = `trap 'exit 9' TERM; printf %s "$TESSERA_TOKEN" > ${folder}/token; echo $$ > ${folder}/pid; while :; do sleep 0.05; done`;
    const tessera = spawn(process.execPath, [PROGRAM, 'run', '--route', 'lab', '--', 'sh', '-c', script], {
      env: {
        PATH: process.env.PATH ?? '',
        HOME: folder,
        TESSERA_URL: server.url,
        TESSERA_TOKEN: server.admin,
      },
      stdio: 'ignore',
    });
    const ended = once(tessera, 'exit');
    const pid = await vi.waitFor(
      async () => {
        const text = await readFile(join(folder, 'pid'), 'utf8');
        expect(text).toMatch(/^\d+\n$/);
        return Number(text);
      },
      { timeout: 20_000 },
    );
    const token = await readFile(join(folder, 'token'), 'utf8');
    expect((await server.call('GET', '/connect/lab/api2/json/version', { token })).status).toBe(200);
    for (const each of [tessera.pid, pid]) {
      const seen = await Promise.all(
        ['cmdline', 'environ'].map((file) => readFile(`/proc/${each}/${file}`, 'latin1')),
      );
      expect(seen.join('')).not.toContain(secret);
      expect(seen[0]).not.toContain(token);
    }
    process.kill(signal === 'SIGKILL' ? pid : (tessera.pid ?? 0), signal);
    expect((await ended)[0]).toBe(code);
    expect((await server.call('GET', '/connect/lab/api2/json/version', { token })).status).toBe(401);
  });
});

describe('a child on a terminal', () => {
  /** Counts what the keyboard sends, as Terraform does: at the second Ctrl-C it gives up its state. */
  const COUNT = `
let seen = 0;
for (const signal of ['SIGINT', 'SIGQUIT']) process.on(signal, () => console.log(signal, ++seen));
process.on('SIGTERM', () => console.log('ended after ' + seen) || process.exit(5));
console.log('ready ' + process.env.TESSERA_TOKEN + ' pid ' + process.pid);
setInterval(() => {}, 1000);
`;

  test.each([
    ['Ctrl-C', '\u0003', 'SIGINT'],
    ['Ctrl-\\', '\u001c', 'SIGQUIT'],
  ])('gets %s once, and tessera stays until it has revoked the token', async (_key, typed, signal) => {
    const server = await broker();
    await connectProxmox(server);
    await server.routeTo('lab', 'pve-lab');
    const folder = await mkdtemp(join(tmpdir(), 'tessera-run-'));
    later({ close: () => rm(folder, { recursive: true }) });
    const script = join(folder, 'count.js');
    await writeFile(script, COUNT);
    const terminal = openTerminal(
      ['run', '--route', 'lab', '--', process.execPath, script],
      folder,
      { TESSERA_URL: server.url, TESSERA_TOKEN: server.admin },
      [process.execPath, PROGRAM],
    );
    later({ close: () => terminal.stop() });
    await terminal.sees(/pid \d+\s/);
    const [, token = '', pid] = /ready (\S+) pid (\d+)/.exec(terminal.shown()) ?? [];
    terminal.types(typed);
    await terminal.sees(`${signal} 1`);
    expect((await server.call('GET', '/connect/lab/api2/json/version', { token })).status).toBe(200);
    process.kill(Number(pid), 'SIGTERM');
    await terminal.sees('ended after 1');
    expect(await terminal.ended()).toBe(5);
    expect((await server.call('GET', '/connect/lab/api2/json/version', { token })).status).toBe(401);
  });
});

test('a token that cannot be revoked at the end is named, and the program still ends as it ended', async () => {
  const server = await broker();
  await connectProxmox(server);
  await server.routeTo('lab', 'pve-lab');
  const desk = await openDesk();
  later({ close: () => desk.clear() });
  const folder = await mkdtemp(join(tmpdir(), 'tessera-run-'));
  later({ close: () => rm(folder, { recursive: true }) });
  const own = await server.token('user:token', 'read:connections', 'read:lab');
  // What minted the token may do nothing any more when the program ends.
  const running = desk.run(
    [
      'run',
      '--route',
      'lab',
      '--',
      'sh',
      '-c',
      `touch ${folder}/begun; until [ -e ${folder}/gone ]; do sleep 0.05; done; exit 4`,
    ],
    { env: { PATH: process.env.PATH ?? '', TESSERA_URL: server.url, TESSERA_TOKEN: own.token } },
  );
  await vi.waitFor(() => readFile(join(folder, 'begun')), { timeout: 20_000 });
  const [{ id }] = (await server.api('GET', '/tokens?search=run%20sh')).json.items;
  await server.api('DELETE', `/tokens/${own.id}`);
  await writeFile(join(folder, 'gone'), '');
  const ended = await running;
  expect(ended.code).toBe(4);
  expect(ended.stderr).toContain('could not be revoked');
  expect(ended.stderr).toContain(`tessera token delete ${id}`);
});

test('arguments that name no one route are explained', async () => {
  const server = await broker();
  await connectProxmox(server);
  const desk = await openDesk();
  later({ close: () => desk.clear() });
  const env = { PATH: process.env.PATH ?? '', TESSERA_URL: server.url, TESSERA_TOKEN: server.admin };
  const run = async (...args: string[]) => {
    const { code, stderr } = await desk.run(['run', ...args], { env });
    return [code, stderr];
  };
  expect(await run('--', 'true')).toEqual([2, expect.stringContaining('Give --connection or --route.')]);
  expect(await run('--route', 'a', '--connection', 'b', '--', 'true')).toEqual([
    2,
    expect.stringContaining('not both'),
  ]);
  // Without the dashes `-c` would be ours, and `-auto-approve` nobody's.
  for (const words of [
    ['sh', '-c', 'exit 0'],
    ['terraform', 'apply', '-auto-approve'],
    ['--route', 'a', 'true'],
  ])
    expect(await run(...words)).toEqual([
      2,
      expect.stringMatching(/-- in front of the program.*\n.*-- \w+ \.\.\.\n/),
    ]);
  expect(await run('--connection', 'pve-lab')).toEqual([2, expect.stringContaining("argument 'command'")]);
  expect(await run('--connection', 'pve-lab', '--', 'true')).toEqual([
    1,
    expect.stringContaining('tessera route create NAME --connection pve-lab'),
  ]);
  await server.routeTo('one', 'pve-lab');
  expect(await run('--connection', 'pve-lab', '--', '/etc/passwd')).toEqual([
    1,
    expect.stringContaining('it may not be executed'),
  ]);
  await server.routeTo('two', 'pve-lab');
  expect(await run('--connection', 'pve-lab', '--', 'true')).toEqual([
    2,
    expect.stringContaining('one, two'),
  ]);
  const plain = { presets: false, rules: [{ path: '/**', scopes: ['write:sasquatch'] }] };
  await server.route('metrics', 'https://sasquatch.example', plain);
  expect(await run('--route', 'metrics', '--', 'true')).toEqual([
    2,
    expect.stringContaining('--scope SCOPE'),
  ]);
});
