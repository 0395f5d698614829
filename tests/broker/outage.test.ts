import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { startPostgres } from '../support/postgres.ts';
import { broker, closeAll, later, plainAnswer, portOf, type Upstream, upstream } from './support.ts';

/** The database stops answering while calls go through a route: what they get, and what becomes of their rows. */

afterEach(closeAll);

type Broker = Awaited<ReturnType<typeof broker>>;

/** Calls below /open need no token, so that nothing but the trail can be in their way. */
const RULES = {
  presets: false,
  rules: [
    { path: '/open/**', access: 'anyone' },
    { path: '/**', scopes: ['write:sasquatch'] },
  ],
};

/** Asks on eight connections, each call with a path of its own, until the first that is not passed on. */
async function callUntilRefused(
  server: Broker,
  token: string,
): Promise<{ passed: string[]; refused: string[] }> {
  const passed: string[] = [];
  const refused: string[] = [];
  let number = 0;
  const line = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = net.connect(portOf(server.url), '127.0.0.1');
      let unread = '';
      let asked: string[] = [];
      const ask = (): void => {
        asked = Array.from({ length: 50 }, () => `/open/${number++}`);
        socket.write(
          asked
            .map(
              (path) => `GET /connect/r${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`,
            )
            .join(''),
        );
      };
      socket.on('error', reject);
      socket.on('data', (chunk) => {
        unread += chunk;
        for (;;) {
          const head = unread.indexOf('\r\n\r\n');
          const end = head + 4 + Number(/\r\nContent-Length: (\d+)/.exec(unread)?.[1]);
          if (head === -1 || unread.length < end) break;
          const path = asked.shift() ?? '';
          if (unread.startsWith('HTTP/1.1 200 ')) passed.push(path);
          else refused.push(unread.slice(0, end));
          unread = unread.slice(end);
        }
        if (asked.length > 0) return;
        if (refused.length === 0 && passed.length < 100_000) ask();
        else socket.end(resolve);
      });
      ask();
    });
  await Promise.all(Array.from({ length: 8 }, line));
  return { passed, refused };
}

/** Calls until their rows find no room, and gives the paths of those that were passed on. */
async function fillTheTrail(server: Broker, token: string, up: Upstream): Promise<string[]> {
  const { passed, refused } = await callUntilRefused(server, token);
  expect(passed.length).toBeGreaterThan(1000);
  for (const answer of refused) {
    expect(answer).toMatch(/^HTTP\/1\.1 503 Tessera: The audit trail cannot be written at the moment/);
    expect(answer).toContain('Retry-After: ');
  }
  const reached = up.received.join('').match(/^GET \/open\/\d+/gm) ?? [];
  expect(reached.length).toBe(passed.length);
  return passed;
}

/** Paths of all rows of calls over the route, as the trail has them. */
async function pathsInTrail(server: Broker): Promise<string[]> {
  const paths: string[] = [];
  for (let cursor = ''; ; ) {
    const page = await server.api('GET', `/audit?route=r&action=route.used&limit=500${cursor}`);
    expect(page.status).toBe(200);
    paths.push(...page.json.items.map(({ path }: { path: string }) => path));
    if (page.json.next_cursor === null) return paths;
    cursor = `&cursor=${encodeURIComponent(page.json.next_cursor)}`;
  }
}

/** A stream under way: its row is due when it ends. */
async function openStream(server: Broker, token: string, path: string): Promise<net.Socket> {
  const socket = net.connect(portOf(server.url), '127.0.0.1');
  socket.write(`GET /connect/r${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  await once(socket, 'data');
  return socket;
}

/** Passes each call on; those below /stream never end by themselves. */
const system = () =>
  upstream((request) =>
    request.startsWith('GET /stream')
      ? 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n'
      : plainAnswer('served'),
  );

test('while another process holds the SQLite file calls pass until their rows find no room, then get 503, and not one row is lost', async () => {
  const server = await broker();
  const up = await system();
  await server.route('r', up.url, RULES);
  const { token } = await server.token('write:sasquatch');
  const stream = await openStream(server, token, '/stream-1');
  const holder = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { DatabaseSync } = await import('node:sqlite').catch(() => import('@photostructure/sqlite'));
       const db = new DatabaseSync(process.argv[1]);
       db.exec('begin immediate');
       console.log('held');
       process.stdin.once('data', () => { db.exec('rollback'); db.close(); process.exit(); });`,
      join(server.database.folder, 'tessera.sqlite'),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  later({ close: () => holder.kill('SIGKILL') });
  await once(holder.stdout, 'data');
  const passed = await fillTheTrail(server, token, up);
  // Through node:http, and by whatever method, it is no different.
  expect((await server.call('POST', '/connect/r/write', { token, body: {} })).status).toBe(503);
  stream.destroy();
  holder.stdin.write('go on');
  await once(holder, 'exit');
  await vi.waitFor(
    async () => expect((await server.call('GET', '/connect/r/again', { token })).status).toBe(200),
    { timeout: 30_000 },
  );
  const rows = await pathsInTrail(server);
  expect(rows.filter((path) => path !== '/again').sort()).toEqual([...passed, '/stream-1'].sort());
  expect((await server.api('POST', '/audit/verify')).json).toMatchObject({ intact: true, faults: [] });
});

/** Stops or continues all processes of a PostgreSQL. */
async function signalAll(server: number, signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
  process.kill(server, signal);
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const status = await readFile(`/proc/${entry}/status`, 'utf8').catch(() => '');
    if (new RegExp(`^PPid:\\t${server}$`, 'm').test(status)) process.kill(Number(entry), signal);
  }
}

test.skipIf(process.platform !== 'linux')(
  'while PostgreSQL stands still calls get 503, those that need a token as soon as nobody can tell whether it is good, open streams end then, and not one row is lost',
  async () => {
    const postgres = await startPostgres();
    later({ close: () => postgres.stop() });
    const pid = await postgres.pid();
    const server = await broker({ environment: { TESSERA_DATABASE_URL: `${postgres.url}/postgres` } });
    const up = await system();
    await server.route('r', up.url, RULES);
    const { token } = await server.token('write:sasquatch');
    const call = (path: string) => server.call('GET', `/connect/r${path}`, { token });
    const stream = await openStream(server, token, '/stream-1');
    const cut = new Promise((resolve) => stream.once('close', resolve));
    stream.on('error', () => {});
    await signalAll(pid, 'SIGSTOP');
    // Before the servers above are closed, which need it.
    later({ close: () => signalAll(pid, 'SIGCONT') });
    const passed = await fillTheTrail(server, token, up);
    await vi.waitFor(
      async () => {
        const answer = await call('/refused');
        expect([answer.status, answer.json.detail]).toEqual([503, expect.stringMatching(/^Cannot tell/)]);
      },
      { timeout: 20_000 },
    );
    await cut;
    await signalAll(pid, 'SIGCONT');
    await vi.waitFor(async () => expect((await call('/again')).status).toBe(200), { timeout: 30_000 });
    const rows = await pathsInTrail(server);
    expect(rows.filter((path) => path !== '/again').sort()).toEqual([...passed, '/stream-1'].sort());
    expect((await server.api('POST', '/audit/verify')).json).toMatchObject({ intact: true, faults: [] });
  },
);
