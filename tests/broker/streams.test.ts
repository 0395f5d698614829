import net, { type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { ALL, broker, closeAll, plainAnswer, portOf, raw, upstream } from './support.ts';

type Broker = Awaited<ReturnType<typeof broker>>;
let server: Broker;
let caller: { token: string; id: string };

beforeEach(async () => {
  server = await broker();
  caller = await server.token('write:sasquatch');
});
afterEach(closeAll);

const HANDSHAKE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: binary\r\n';
const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: binary\r\nSet-Cookie: a=b\r\n\r\n';

/** An upstream that changes protocol and then echoes. */
const echo = () =>
  upstream((_request, socket) => {
    socket.removeAllListeners('data');
    socket.on('data', (chunk) => socket.write(chunk));
    return `${SWITCH}hello`;
  });

async function openSocket(
  path: string,
  first = '',
): Promise<{
  socket: Socket;
  text: () => string;
  until(text: string): Promise<void>;
  closed: Promise<void>;
}> {
  const socket = net.connect(portOf(server.url), '127.0.0.1');
  let text = '';
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${caller.token}\r\n${HANDSHAKE}\r\n${first}`,
  );
  return {
    socket,
    text: () => text,
    closed,
    async until(wanted) {
      while (!text.includes(wanted)) {
        if (socket.destroyed) throw new Error(`closed after: ${text}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}

test('a WebSocket passes through, with what was sent too early on either side', async () => {
  const up = await echo();
  await server.route('r', up.url, ALL);
  const { socket, text, until, closed } = await openSocket('/connect/r/console?port=1', 'early');
  await until('helloearly');
  socket.write('late');
  await until('helloearlylate');
  expect(text()).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
  expect(text()).toContain('Sec-WebSocket-Protocol: binary\r\n');
  expect(text()).not.toMatch(/set-cookie/i);
  expect(up.received[0]).toContain('GET /console?port=1 HTTP/1.1\r\n');
  expect(up.received[0]).toContain('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n');
  expect(up.received[0]).not.toContain(caller.token);
  up.sockets[0]?.end();
  await closed;
  expect((await server.rows('r'))[0]).toMatchObject({ status: 101, detail: { sent: 9 } });
});

test('a WebSocket is refused like any other call, by us and by the other system', async () => {
  const up = await upstream('HTTP/1.1 403 Permission check failed\r\nContent-Length: 2\r\n\r\nno');
  await server.route('r', up.url, ALL);
  const nobody = await raw(portOf(server.url), `GET /connect/r/x HTTP/1.1\r\nHost: x\r\n${HANDSHAKE}\r\n`);
  expect(nobody).toMatch(/^HTTP\/1\.1 401 /);
  expect(up.received).toEqual([]);
  const refused = await openSocket('/connect/r/x');
  await refused.closed;
  expect(refused.text()).toMatch(/^HTTP\/1\.1 403 Permission check failed\r\n/);
  expect(refused.text()).toMatch(/no$/);
});

test('an offer of another protocol is declined, and the request counts all the same', async () => {
  const up = await upstream();
  await server.route('r', up.url, ALL);
  const offer =
    'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n';
  const passed = await raw(
    portOf(server.url),
    `POST /connect/r/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${caller.token}\r\n${offer}Content-Length: 5\r\n\r\nhello`,
  );
  expect(passed).toMatch(/^HTTP\/1\.1 200 OK/);
  expect(up.received[0]).toMatch(/^POST \/x [\s\S]*hello$/);
  expect(up.received[0]).not.toMatch(/upgrade|http2/i);
  const health = await raw(portOf(server.url), `GET /health HTTP/1.1\r\nHost: x\r\n${offer}\r\n`);
  expect(health).toMatch(/^HTTP\/1\.1 200 OK/);
});

test('what is revoked ends at once: an open WebSocket, a stream, an upload', async () => {
  const up = await upstream((request, socket) => {
    if (!request.includes('/socket'))
      return 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n';
    socket.removeAllListeners('data');
    return SWITCH;
  });
  await server.route('r', up.url, ALL);
  const console = await openSocket('/connect/r/socket');
  await console.until('101');
  const stream = net.connect(portOf(server.url), '127.0.0.1');
  const streamClosed = new Promise((resolve) => stream.once('close', resolve));
  stream.on('error', () => {});
  stream.write(`GET /connect/r/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${caller.token}\r\n\r\n`);
  await new Promise((resolve) => stream.once('data', resolve));
  const upload = net.connect(portOf(server.url), '127.0.0.1');
  const uploadClosed = new Promise((resolve) => upload.once('close', resolve));
  upload.on('error', () => {});
  upload.write(
    `POST /connect/r/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${caller.token}\r\nContent-Length: 100\r\n\r\nsome`,
  );
  while (!up.received.join('').includes('/upload')) await new Promise((resolve) => setTimeout(resolve, 5));
  const upstreamClosed = Promise.all(
    up.sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))),
  );
  expect((await server.api('DELETE', `/tokens/${caller.id}`)).status).toBeLessThan(300);
  await Promise.all([console.closed, streamClosed, uploadClosed, upstreamClosed]);
});

test('a scope taken away, a token that ends and a route that changes each end what is open', async () => {
  const up = await echo();
  await server.route('r', up.url, ALL);
  await server.api('POST', '/roles', { name: 'writer', scopes: ['write:sasquatch'] });
  const session = await server.user('ann', ['writer']);
  const made = await server.api(
    'POST',
    '/tokens',
    { name: 'mine', scopes: ['write:sasquatch'], expires_in: '1h' },
    session,
  );
  caller = { token: made.json.token, id: made.json.details.id };
  const byRole = await openSocket('/connect/r/x');
  await byRole.until('hello');
  await server.api('DELETE', '/users/ann/roles/writer');
  await byRole.closed;
  await server.api('PUT', '/users/ann/roles/writer');
  const byRoute = await openSocket('/connect/r/x');
  await byRoute.until('hello');
  await server.api('PATCH', '/routes/r', { rules: [{ path: '/**', access: 'never' }] });
  await byRoute.closed;
  await server.api('PATCH', '/routes/r', ALL);
  const byTime = await openSocket('/connect/r/x');
  await byTime.until('hello');
  server.pass(3601);
  await byTime.closed;
});

test('a route has its own host and its own port, and nothing else is reached there', async () => {
  const up = await upstream((request) => plainAnswer(request.split('\r\n', 1)[0] ?? ''));
  const port = await freePort();
  await server.route('r', up.url, { ...ALL, host: 'pve.tessera.example', port, by_path: false });
  const auth = `Authorization: Bearer ${caller.token}\r\n`;
  const byHost = await raw(
    portOf(server.url),
    `GET /api2/json/version HTTP/1.1\r\nHost: PVE.tessera.example:8006\r\n${auth}\r\n`,
  );
  expect(byHost).toMatch(/GET \/api2\/json\/version HTTP\/1\.1$/);
  const byPort = await raw(port, `GET /connect/r/x HTTP/1.1\r\nHost: whatever\r\n${auth}\r\n`);
  expect(byPort).toMatch(/GET \/connect\/r\/x HTTP\/1\.1$/);
  const elsewhere = await raw(port, 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(elsewhere).toMatch(/^HTTP\/1\.1 401/);
  const byPath = await server.call('GET', '/connect/r/x', { token: caller.token });
  expect(byPath.status).toBe(404);
  await server.api('PATCH', '/routes/r', { port: null });
  // The route is read anew beside the answer to the change.
  await vi.waitFor(() =>
    expect(raw(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')).rejects.toThrow('ECONNREFUSED'),
  );
});
