import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { ALL, broker, closeAll, closing, later, plainAnswer, portOf, raw, upstream } from './support.ts';

/** The other system is slow, away or breaks off: what the caller is told, and what is asked again. */
type Broker = Awaited<ReturnType<typeof broker>>;
let server: Broker;
let token: string;

beforeEach(async () => {
  server = await broker();
  token = (await server.token('write:sasquatch')).token;
});
afterEach(closeAll);

const call = (method: string, path: string, body?: unknown) =>
  server.call(method, `/connect${path}`, { token, ...(body === undefined ? {} : { body }) });
const head = (line: string): string => `${line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n`;

test('a call is repeated only where its line had gone stale, it asks for something, and no byte of an answer came', async () => {
  const asked: string[] = [];
  // The first call of a line is answered; what becomes of the second, its path says.
  const up = await upstream((request, socket) => {
    const path = request.split(' ', 2).join(' ');
    asked.push(path);
    const again = asked.filter((each) => each === path).length > 1;
    if (path.endsWith('/warm') || (again && !path.endsWith('/never'))) return plainAnswer('served');
    if (path.endsWith('/begun')) socket.end('HTTP/1.1 2');
    else socket.destroy();
    return null;
  });
  await server.route('r', up.url, ALL);
  const statusOf = async (line: string, more = '', body = ''): Promise<number> => {
    expect((await call('GET', '/r/warm')).text).toBe('served');
    asked.length = 0;
    const [method, path] = line.split(' ');
    const text = await raw(portOf(server.url), `${head(`${method} /connect/r${path}`)}${more}\r\n${body}`);
    return Number(text.slice(9, 12));
  };
  const times = (): number => asked.length;
  expect([await statusOf('GET /once'), times()]).toEqual([200, 2]);
  expect([await statusOf('HEAD /once'), times()]).toEqual([200, 2]);
  // The second line was a new one: there is no third attempt.
  expect([await statusOf('GET /never'), times()]).toEqual([502, 2]);
  expect([await statusOf('GET /begun'), times()]).toEqual([502, 1]);
  expect([await statusOf('POST /once'), times()]).toEqual([502, 1]);
  expect([await statusOf('PUT /once', 'Content-Length: 2\r\n', 'hi'), times()]).toEqual([502, 1]);
  expect([await statusOf('DELETE /once'), times()]).toEqual([502, 1]);
  expect([await statusOf('GET /body', 'Content-Length: 2\r\n', 'hi'), times()]).toEqual([502, 1]);
  // On a line that carried nothing before, the call itself may be what the other system died of.
  await server.route('fresh', up.url, ALL);
  asked.length = 0;
  expect([(await call('GET', '/fresh/new')).status, times()]).toEqual([502, 1]);
});

test('the cap of a route is kept, the next caller is told to come again, and a place that is free is given', async () => {
  const up = await upstream((request) => (request.includes('/held') ? null : plainAnswer('served')));
  await server.route('r', up.url, { ...ALL, max_concurrent: 2, first_byte_ms: 60_000 });
  const held = ['GET', 'POST'].map((method) => {
    const socket = net.connect(portOf(server.url), '127.0.0.1');
    socket.write(`${head(`${method} /connect/r/held`)}\r\n`);
    return socket;
  });
  await vi.waitFor(() => expect(up.received.join('').match(/\/held/g)).toHaveLength(2));
  for (const method of ['GET', 'POST']) {
    const next = await call(method, '/r/x');
    expect([next.status, next.json.code, next.headers.get('retry-after')]).toEqual([
      503,
      'too_many_calls',
      '1',
    ]);
  }
  expect(up.received.join('')).not.toContain('/x ');
  held[0]?.destroy();
  await vi.waitFor(async () => expect((await call('GET', '/r/x')).text).toBe('served'));
  held[1]?.destroy();
});

test('a system that does not answer in time is given up: before its first byte, and in the middle', async () => {
  const up = await upstream((request) =>
    request.includes('/silent') ? null : 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome',
  );
  await server.route('r', up.url, { ...ALL, first_byte_ms: 10_000, idle_ms: 60_000 });
  for (const method of ['GET', 'POST']) {
    up.received.length = 0;
    up.sockets.length = 0;
    const silent = call(method, '/r/silent');
    await vi.waitFor(() => expect(up.received.join('')).toContain('/silent'));
    server.pass(11);
    const answer = await silent;
    expect([answer.status, answer.json.code]).toEqual([504, 'first_byte_timeout']);
    const socket = net.connect(portOf(server.url), '127.0.0.1');
    socket.write(`${head(`${method} /connect/r/half`)}\r\n`);
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 OK/);
    const ended = [socket, ...up.sockets].map(closing);
    server.pass(61);
    await Promise.all(ended);
  }
  const [row] = await server.rows('r');
  expect(row.detail.broken).toBe('nothing moved for too long');
});

test('an answer that has begun may be silent for longer than its first byte may take, and so may a WebSocket', async () => {
  const up = await upstream((request) =>
    request.includes('/socket')
      ? 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'
      : 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome',
  );
  await server.route('r', up.url, { ...ALL, first_byte_ms: 10_000, idle_ms: 60_000 });
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
  for (const request of [
    `${head('GET /connect/r/half')}\r\n`,
    `${head('POST /connect/r/half')}\r\n`,
    `${head('GET /connect/r/socket')}${upgrade}\r\n`,
  ]) {
    const socket = net.connect(portOf(server.url), '127.0.0.1').on('error', () => {});
    socket.write(request);
    await once(socket, 'data');
    server.pass(30);
    // Whoever has waited for too long is looked for four times a second.
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect([request, socket.destroyed]).toEqual([request, false]);
    const ended = once(socket, 'close');
    server.pass(31);
    await ended;
  }
});

test('a caller that stops reading is given up, and so is what it asked for', async () => {
  const part = Buffer.alloc(64 * 1024, 'x');
  const up = await upstream((_request, socket) => {
    const more = (): void => {
      while (socket.write(part));
      socket.once('drain', more);
    };
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n', more);
    return null;
  });
  await server.route('r', up.url, { ...ALL, idle_ms: 60_000 });
  for (const method of ['GET', 'POST']) {
    up.sockets.length = 0;
    const socket = net.connect(portOf(server.url), '127.0.0.1').on('error', () => {});
    socket.write(`${head(`${method} /connect/r/endless`)}\r\n`);
    await once(socket, 'readable');
    const [other] = up.sockets;
    // Until everything between the two is full.
    for (let last = -1; other !== undefined && last !== other.bytesWritten - other.writableLength; ) {
      last = other.bytesWritten - other.writableLength;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    const ended = closing(other as net.Socket);
    server.pass(61);
    await ended;
    socket.destroy();
  }
});

test('a system that is away is left alone for a while, which callers are told, and is asked by one call whether it is back', async () => {
  const port = await freePort();
  await server.route('away', `http://127.0.0.1:${port}`, ALL);
  for (let turn = 0; turn < 5; turn++) {
    const refused = await call('GET', '/away/x');
    expect([refused.status, refused.json.code]).toEqual([502, 'refused']);
  }
  // Back, but nobody looks yet.
  let dialled = 0;
  const asking: net.Socket[] = [];
  const back = net.createServer((socket) => {
    dialled++;
    socket.on('error', () => {});
    socket.on('data', () => asking.push(socket));
  });
  await new Promise<void>((resolve) => back.listen(port, '127.0.0.1', resolve));
  later({ close: () => void back.close() });
  for (const method of ['GET', 'POST']) {
    const paused = await call(method, '/away/x');
    expect([paused.status, paused.json.code, paused.headers.get('retry-after')]).toEqual([
      503,
      'paused',
      expect.stringMatching(/^[1-5]$/),
    ]);
    expect(paused.json.detail).toBe('away could not be reached 5 times in a row; paused');
  }
  expect(dialled).toBe(0);
  server.pass(5);
  const seen: number[] = [];
  const calls = Array.from({ length: 4 }, async () => {
    seen.push((await call('GET', '/away/x')).status);
  });
  await vi.waitFor(() => expect([seen, asking.length]).toEqual([[503, 503, 503], 1]));
  asking[0]?.write(plainAnswer('back'));
  await Promise.all(calls);
  expect([seen.at(-1), dialled]).toEqual([200, 1]);
  const next = call('POST', '/away/x');
  await vi.waitFor(() => expect(asking.length).toBe(2));
  asking[1]?.write(plainAnswer('back'));
  expect((await next).status).toBe(200);
});

test('a system that takes the connection and never begins to speak TLS is given up', async () => {
  const silent = await upstream(() => null);
  await server.route('silent', `https://127.0.0.1:${silent.port}`, ALL);
  const answers = await Promise.all(['GET', 'POST'].map((method) => call(method, '/silent/x')));
  for (const answer of answers) expect([answer.status, answer.json.code]).toEqual([504, 'tls_timeout']);
  // What was to be sent waits for the other side to prove itself: nothing of it may be readable on the line.
  expect(silent.received.join('')).not.toMatch(/HTTP|Host/);
});
