import { type AddressInfo, connect, type Socket } from 'node:net';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { newCounters } from './metrics.ts';
import { createHttpServer, type HttpServerOptions } from './server.ts';

const server = (options: Partial<HttpServerOptions> = {}) =>
  createHttpServer({
    log: pino({ level: 'silent' }),
    counters: newCounters(),
    publicHost: '127.0.0.1',
    front: null,
    fastPath: () => false,
    ...options,
  });

test('a request that does not arrive in time is given up', async () => {
  const app = server({ requestTimeoutMs: 100 });
  app.post('/', async () => ({ arrived: true }));
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  socket.write(
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a":',
  );
  let said = '';
  for await (const chunk of socket) said += String(chunk);
  expect(said).toMatch(/^HTTP\/1\.1 408 .*"code":"request_timeout"/s);
  await app.close();
});

test.each([
  [`GET / HTTP/1.1\r\nHost: x\r\nCookie: ${'a'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
  ['GET / HTTP/1.1\r\nHost: x\r\nBad Name: 1\r\n\r\n', 400, 'invalid_request'],
  ['\x16\x03\x01\x02\x00', 400, 'invalid_request'],
])('what cannot be read as a request is refused with a problem document (%#)', async (text, status, code) => {
  const app = server();
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  socket.write(text);
  let said = '';
  for await (const chunk of socket) said += String(chunk);
  const [head = '', body = ''] = said.split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [A-Z]`));
  expect(head).toContain('Content-Type: application/problem+json');
  expect(JSON.parse(body)).toMatchObject({ status, code });
  await app.close();
});

test('an upload that the framework does not read may take longer', async () => {
  const app = server({
    fastPath(message, response) {
      message.resume().once('end', () => response.end('whole'));
      return true;
    },
    requestTimeoutMs: 100,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\na');
  await new Promise((resolve) => setTimeout(resolve, 400));
  socket.write('b');
  let said = '';
  for await (const chunk of socket) said += String(chunk);
  expect(said).toMatch(/^HTTP\/1\.1 200 .*whole$/s);
  await app.close();
});

test('the head of a request has twenty seconds', async () => {
  const app = server();
  const { requestTimeout, headersTimeout } = app.server;
  expect({ requestTimeout, headersTimeout }).toEqual({ requestTimeout: 0, headersTimeout: 20_000 });
  await app.close();
});

describe('who is slow in its head is given up, also where plain questions are read in front', () => {
  const HEAD = 'GET /connect/lab/x HTTP/1.1\r\nHost: x\r\n';

  /** Everything heard from a server with a hundred milliseconds for a head, until it ends the connection. */
  async function hear(speak: (socket: Socket) => NodeJS.Timeout | null): Promise<string> {
    const app = server({
      requestTimeoutMs: 100,
      front: {
        prefixes: ['/connect/'],
        find: () => () => expect.unreachable('this was no request'),
        isShared: () => false,
      },
    });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
    const speaking = speak(socket);
    let said = '';
    socket.on('error', () => {}).on('data', (chunk) => (said += chunk));
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(speaking ?? undefined);
    await app.close();
    return said;
  }

  test('by saying nothing', async () => {
    expect(await hear(() => null)).toBe('');
  });

  test('by stopping in the middle', async () => {
    const said = await hear((socket) => {
      socket.write(HEAD);
      return null;
    });
    expect(said).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('by going on and on, a few bytes at a time', async () => {
    const said = await hear((socket) => {
      socket.write(HEAD);
      return setInterval(() => socket.write('X: y\r\n'), 20);
    });
    expect(said).toMatch(/^HTTP\/1\.1 408 /);
  });
});
