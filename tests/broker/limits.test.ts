import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ActiveRoute } from '../../src/broker/book.ts';
import { createLiveCalls } from '../../src/broker/live.ts';
import { createRelay } from '../../src/broker/relay.ts';
import { ALL, broker, closeAll, later, plainAnswer, portOf, raw, upstream } from './support.ts';

type Broker = Awaited<ReturnType<typeof broker>>;
let server: Broker;
let caller: { token: string; id: string };

beforeEach(async () => {
  server = await broker();
  caller = await server.token('write:sasquatch');
});
afterEach(closeAll);

const bearer = () => `Authorization: Bearer ${caller.token}\r\n`;

test('a caller that stops in the middle of its body is given up, on both sides, and the row says why', async () => {
  const up = await upstream(() => null);
  await server.route('r', up.url, { ...ALL, idle_ms: 1000 });
  const socket = net.connect(portOf(server.url), '127.0.0.1');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(`PUT /connect/r/x HTTP/1.1\r\nHost: x\r\n${bearer()}Content-Length: 100\r\n\r\nsome`);
  await vi.waitFor(() => expect(up.received.join('')).toContain('some'));
  const gone = new Promise((resolve) => up.sockets[0]?.once('close', resolve));
  server.pass(2);
  await Promise.all([closed, gone]);
  expect((await server.rows('r'))[0].detail.broken).toBe('nothing moved for too long');
});

test('senders that stop, as many as a route carries, hold their places no longer than the limit says', async () => {
  const up = await upstream((request) => (request.startsWith('GET') ? plainAnswer('served') : null));
  await server.route('r', up.url, { ...ALL, idle_ms: 60_000, max_concurrent: 10 });
  const slow = Array.from({ length: 10 }, () => {
    const socket = net.connect(portOf(server.url), '127.0.0.1');
    socket.write(`PUT /connect/r/x HTTP/1.1\r\nHost: x\r\n${bearer()}Content-Length: 100\r\n\r\nsome`);
    return new Promise((resolve) => socket.once('close', resolve));
  });
  const call = async () => (await server.call('GET', '/connect/r/x', { token: caller.token })).status;
  // All have their places before anybody else asks for one.
  await vi.waitFor(() => expect(up.received.join('').match(/PUT \//g)).toHaveLength(10), { timeout: 7_000 });
  expect(await call()).toBe(503);
  server.pass(61);
  await Promise.all(slow);
  expect(await call()).toBe(200);
});

test('a flood of junk is refused, reaches nobody, and good calls go through beside it', async () => {
  const up = await upstream(plainAnswer('served'));
  await server.route('r', up.url, ALL);
  const bad = `${caller.token.slice(0, -1)}${caller.token.endsWith('a') ? 'b' : 'a'}`;
  const junk = `GET /connect/r/junk HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${bad}\r\n\r\n`;
  const last = junk.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
  const floods = Array.from({ length: 8 }, () => raw(portOf(server.url), junk.repeat(249) + last, 10_000));
  const good = await Promise.all(
    Array.from({ length: 20 }, () => server.call('GET', '/connect/r/good', { token: caller.token })),
  );
  expect(good.map((answer) => answer.text)).toEqual(Array(20).fill('served'));
  const refusals = (await Promise.all(floods)).join('').match(/HTTP\/1\.1 401 /g) ?? [];
  expect(refusals.length).toBe(2000);
  expect(up.received.join('')).not.toContain('/junk');
  // Nobody proved a token, so there is nobody to write a row about.
  const rows = await server.rows('r');
  expect(rows.every((row: { path: string }) => row.path === '/good')).toBe(true);
});

test('five hundred WebSockets are open at once, pass what is said, and end with the token', async () => {
  const up = await upstream((_request, socket) => {
    socket.removeAllListeners('data');
    socket.on('data', (chunk) => socket.write(chunk));
    return 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
  });
  await server.route('r', up.url, { ...ALL, max_concurrent: 500 });
  const open = (): Promise<net.Socket> =>
    new Promise((resolve, reject) => {
      const socket = net.connect(portOf(server.url), '127.0.0.1');
      socket.on('error', reject);
      socket.once('data', (chunk) =>
        String(chunk).startsWith('HTTP/1.1 101 ') ? resolve(socket) : reject(new Error(String(chunk))),
      );
      socket.write(
        `GET /connect/r/x HTTP/1.1\r\nHost: x\r\n${bearer()}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      );
    });
  const sockets = await Promise.all(Array.from({ length: 500 }, open));
  const said = sockets.map((socket, at) => {
    const echoed = new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(String(chunk))));
    socket.write(`frame ${at}`);
    return echoed;
  });
  expect(await Promise.all(said)).toEqual(sockets.map((_socket, at) => `frame ${at}`));
  await expect(open()).rejects.toThrow('503');
  const closed = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  await server.api('DELETE', `/tokens/${caller.id}`);
  await Promise.all(closed);
});

test('a call is not begun while its row could not be written, and says so in the upstream’s way', async () => {
  const dialled: unknown[] = [];
  const route: ActiveRoute = {
    record: { name: 'lab', kind: 'proxmox', maxConcurrent: 8 } as ActiveRoute['record'],
    decide: () => ({ access: 'anyone', needs: [], rule: '* /** anyone' }),
    passHeaders: null,
    active: 0,
    gone: false,
  };
  const verifier = {} as Parameters<typeof createLiveCalls>[0];
  const relay = createRelay({
    verifier,
    destinations: {
      of(record) {
        dialled.push(record);
        throw new Error('nothing may be looked for');
      },
      close() {},
    },
    lastUses: { note() {} },
    ledger: { open: () => false, write() {}, refused() {} },
    live: createLiveCalls(verifier, Date.now, () => true),
    clock: Date.now,
    addressOf: () => null,
  });
  const front = http.createServer((message, response) =>
    relay({
      message,
      stream: message,
      response,
      route,
      path: message.url ?? '',
      tunnel: null,
      continueFirst: false,
    }),
  );
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  later({ close: () => void front.close() });
  const { port } = front.address() as AddressInfo;
  const answer = await raw(port, 'GET /api2/json/nodes HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 503 Tessera: The audit trail cannot be written at the moment/);
  expect(answer).toMatch(/\r\nRetry-After: 2\r\n/);
  expect([dialled, route.active]).toEqual([[], 0]);
});
