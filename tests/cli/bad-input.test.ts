import { createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type Desk, type Outcome, openDesk } from './harness.ts';

let server: TestServer;
let desk: Desk;
beforeAll(async () => {
  server = await startTestServer({ environment: { TESSERA_CONNECTION_TIMEOUT: '1s' } });
  desk = await openDesk();
});
afterAll(async () => {
  await desk.clear();
  await server.close();
});

const run = (argv: readonly string[], stdin = ''): Promise<Outcome> =>
  desk.run(argv, { stdin, env: { TESSERA_URL: server.url, TESSERA_TOKEN: server.admin } });

const stored = async (): Promise<unknown[]> =>
  (await server.call('GET', '/api/v1/connections', { token: server.admin })).json.items;

const FOREMAN = ['foreman', 'create', '--name', 'lab', '--url', 'https://foreman.example'];
const HTTP = ['connection', 'create', 'api', '--kind', 'http', '--skip-test', '--secret-stdin'];

describe('what is typed and does not fit', () => {
  test.each<[string, readonly string[], string, RegExp]>([
    ['no scheme', [...HTTP, '--url', 'api.example'], 'canary', /url/i],
    ['an unknown scheme', [...HTTP, '--url', 'gopher://api.example'], 'canary', /url.*http/is],
    ['a login in the URL', [...HTTP, '--url', 'https://u:canary-pw@api.example'], 'canary', /url/i],
    ['a query in the URL', [...HTTP, '--url', 'https://api.example/?key=canary-q'], 'canary', /url/i],
    ['an impossible port', [...HTTP, '--url', 'https://api.example:99999'], 'canary', /url|port/i],
    [
      'a line break in the secret',
      [...HTTP, '--url', 'https://api.example'],
      'canary\r\nX-Evil: 1',
      /secret|token|line/i,
    ],
    [
      'a NUL in the secret',
      [...HTTP, '--url', 'https://api.example'],
      'canary\u0000rest',
      /secret|token|character/i,
    ],
    ['no secret at all', [...HTTP, '--url', 'https://api.example'], '', /secret|token|empty|input/i],
    [
      'a secret in the query',
      [...HTTP, '--url', 'https://api.example', '--method', 'query'],
      'canary',
      /method/i,
    ],
    [
      'an unknown kind',
      ['connection', 'create', 'x', '--kind', 'vsphere', '--url', 'https://a.example'],
      '',
      /kind/i,
    ],
    [
      'a name too long',
      [...FOREMAN.with(3, 'n'.repeat(81)), '--token', 'svc:canaryCanaryCanaryCanA'],
      '',
      /name/i,
    ],
    ['a token with a line break', [...FOREMAN, '--token', 'svc:canary\r\nX: y'], '', /token/i],
    ['a token without a login', [...FOREMAN, '--token', 'canaryCanaryCanaryCanA'], '', /--username/],
  ])('%s is refused by name, repeats no secret and stores nothing', async (_what, argv, stdin, says) => {
    const outcome = await run(argv, stdin);
    expect(outcome.code, outcome.stderr).not.toBe(0);
    expect(outcome.stderr).toMatch(says);
    expect(outcome.stdout + outcome.stderr).not.toMatch(/canary/i);
    expect(outcome.stderr).not.toMatch(/\n\s+at /);
    expect(await stored()).toEqual([]);
  });

  test.each([
    ['connection', 'show'],
    ['connection', 'test'],
    ['foreman', 'test'],
    ['foreman', 'hosts'],
  ])('an unknown connection is said to be one: %s %s', async (noun, verb) => {
    const { code, stderr } = await run([noun, verb, 'nowhere']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('nowhere')]);
  });
});

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
const keep = (socket: Socket, piece: string, pauseMs: number): void => {
  const timer = setInterval(() => socket.write(piece), pauseMs);
  socket.on('close', () => clearInterval(timer));
};

describe('a Foreman that misbehaves', () => {
  test.each<[string, (socket: Socket) => void]>([
    [
      'answers a page',
      (socket) =>
        void socket.end(`${HEAD.replace('application/json', 'text/html')}Content-Length: 6\r\n\r\n<html>`),
    ],
    ['answers garbage', (socket) => void socket.end('\u0000\u0001garbage\r\n\r\n')],
    ['never answers', () => {}],
    [
      'answers byte by byte',
      (socket) => {
        socket.write(`${HEAD}Content-Length: 1000000\r\n\r\n`);
        keep(socket, 'x', 20);
      },
    ],
    [
      'sends headers without end',
      (socket) => {
        socket.write(HEAD);
        keep(socket, `X-Pad: ${'y'.repeat(4000)}\r\n`, 1);
      },
    ],
    ['hangs up', (socket) => void socket.destroy()],
  ])('and %s ends the command with a diagnosis, in bounded time', async (_what, speak) => {
    const sockets = new Set<Socket>();
    const odd = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('data', () => speak(socket));
    });
    await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve));
    const address = odd.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const words = ['connection', 'create', 'odd', '--kind', 'foreman', '--url', `http://127.0.0.1:${port}`];
    const outcome = await run([...words, '--user', 'svc', '--secret-stdin'], 'canaryCanaryCanaryCanA');
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => odd.close(resolve));
    expect(outcome.code, outcome.stderr).toBe(1);
    // What is the matter, and what to do.
    expect(outcome.stderr).toMatch(/^error: .+\.\n.+\n/);
    expect(outcome.stdout + outcome.stderr).not.toContain('canary');
    expect(await stored()).toEqual([]);
  });
});
