import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { broker, closeAll, closing, everyWay, plainAnswer, raw, upstream, type Way } from './support.ts';

/** What holds for a call holds whichever way it comes: read in front of node:http or by it, by path, port or host. */
let server: Awaited<ReturnType<typeof broker>>;
let caller: { token: string; id: string };

beforeAll(async () => {
  server = await broker();
  caller = await server.token('write:sasquatch');
});
afterAll(closeAll);

const ways = (to: string, token = caller.token): Promise<Way[]> => everyWay(server, to, token);

/** What was asked of the other system, by path. */
const requestTo = (received: readonly string[], path: string): string | undefined =>
  received
    .join('')
    .split(/(?=(?:GET|POST) \/[a-z]+-\d)/)
    .find((request) => request.split(' ')[1] === path);

const SPOOFED = [
  'Keep-Alive: timeout=5',
  'TE: trailers',
  'Proxy-Authorization: Basic eA==',
  'Cookie: _session_id=stale; PVEAuthCookie=old',
  'X-Forwarded-For: 6.6.6.6',
  'X-Forwarded-User: admin',
  'X_Forwarded_User: admin',
  'Forwarded: for=6.6.6.6',
  'X-Real-IP: 6.6.6.6',
  'Remote-User: admin',
  'X-Remote-User: admin',
  'X-Auth-Request-User: admin',
  'OIDC_CLAIM_sub: admin',
  'Foreman-User: admin',
  'SSL_CLIENT_VERIFY: SUCCESS',
  'X-HTTP-Method-Override: DELETE',
  'PVEDisableProxy: 1',
  'CSRFPreventionToken: x',
  'X-Original-URL: /admin',
  'X-Auth-Token: x',
].join('\r\n');

test('the request is built from an allow-list: what is hop-by-hop, a cookie or an identity stays behind', async () => {
  const up = await upstream();
  await Promise.all(
    (await ways(up.url)).map(async (way, at) => {
      const passed = 'Accept: application/json\r\nRange: bytes=0-9\r\n';
      await raw(way.port, `${way.start('GET', `/get-${at}`)}${SPOOFED}\r\n${passed}\r\n`);
      await raw(
        way.port,
        `${way.start('POST', `/post-${at}`)}${SPOOFED}\r\n${passed}Content-Length: 2\r\n\r\nhi`,
      );
      await raw(
        way.port,
        `${way.start('GET', `/named-${at}`)}Connection: keep-alive, X-Request-Id, Range\r\nX-Request-Id: 1\r\n${passed}\r\n`,
      );
      const host = `Host: 127.0.0.1:${up.port}\r\n`;
      expect([way.name, requestTo(up.received, `/get-${at}`)]).toEqual([
        way.name,
        `GET /get-${at} HTTP/1.1\r\n${host}${passed}\r\n`,
      ]);
      expect([way.name, requestTo(up.received, `/post-${at}`)]).toEqual([
        way.name,
        `POST /post-${at} HTTP/1.1\r\n${host}${passed}Content-Length: 2\r\n\r\nhi`,
      ]);
      expect([way.name, requestTo(up.received, `/named-${at}`)]).toEqual([
        way.name,
        `GET /named-${at} HTTP/1.1\r\n${host}Accept: application/json\r\n\r\n`,
      ]);
    }),
  );
});

test('cookies and what is hop-by-hop in an answer end here, also what its Connection headers name', async () => {
  const up = await upstream(
    plainAnswer(
      'ok',
      'Set-Cookie: a=b\r\nset-cookie: c=d\r\nConnection: Keep-Alive, X-Hop\r\nconnection: x-second\r\nX-Hop: 1\r\nX-Second: 2\r\n' +
        'Keep-Alive: timeout=99\r\nProxy-Authenticate: Basic\r\nUpgrade: h2c\r\nStrict-Transport-Security: max-age=9\r\n' +
        'WWW-Authenticate: Basic\r\nApipie-Checksum: abc\r\n',
    ),
  );
  for (const way of await ways(up.url)) {
    const text = await raw(way.port, `${way.start('GET', '/x')}\r\n`);
    const names = text
      .split('\r\n\r\n', 1)[0]
      ?.split('\r\n')
      .slice(1)
      .map((line) => line.split(':', 1)[0]?.toLowerCase())
      .sort();
    const ours = ['connection', 'date', 'keep-alive'];
    expect([way.name, names]).toEqual([
      way.name,
      [...ours, 'apipie-checksum', 'content-length', 'content-type'].sort(),
    ]);
    expect(text).not.toContain('timeout=99');
    expect(text).toMatch(/\r\n\r\nok$/);
  }
});

test('an answer that has no body is followed by the next one at once, and keeps the length it speaks of', async () => {
  const answers: Record<string, string> = {
    'HEAD /length': 'HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n',
    'HEAD /chunked': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    'GET /nothing': 'HTTP/1.1 204 No Content\r\n\r\n',
    'GET /unchanged': 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 99\r\n\r\n',
    'DELETE /nothing': 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n',
  };
  const up = await upstream(
    (request) => answers[request.split(' ').slice(0, 2).join(' ')] ?? plainAnswer('the next'),
  );
  for (const way of await ways(up.url))
    await Promise.all(
      Object.entries(answers).map(async ([asked, answer]) => {
        const [method = '', path = ''] = asked.split(' ');
        const both = await raw(way.port, `${way.start(method, path)}\r\n${way.start('GET', '/next')}\r\n`);
        const [first = '', second = '', body, ...more] = both.split('\r\n\r\n');
        const status = answer.slice(0, answer.indexOf('\r\n'));
        expect([way.name, asked, first.split('\r\n', 1)[0]]).toEqual([way.name, asked, status]);
        expect([way.name, asked, second.slice(0, 15)]).toEqual([way.name, asked, 'HTTP/1.1 200 OK']);
        expect([body, more]).toEqual(['the next', []]);
        const length = method === 'DELETE' ? undefined : /Content-Length: \d+/.exec(answer)?.[0];
        expect([way.name, asked, /Content-Length: \d+/.exec(first)?.[0]]).toEqual([way.name, asked, length]);
      }),
    );
});

test('what a trailer may not carry stays behind, the rest comes through', async () => {
  const up = await upstream(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\n' +
      'X-Sum: 9\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\nTransfer-Encoding: chunked\r\nLocation: /x\r\nConnection: x-sum2\r\n\r\n',
  );
  for (const way of await ways(up.url)) {
    const text = await raw(way.port, `${way.start('GET', '/x')}\r\n`);
    expect([way.name, text.slice(text.indexOf('\r\n\r\n'))]).toEqual([
      way.name,
      '\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 9\r\n\r\n',
    ]);
  }
});

test('an answer that breaks off is seen to break off: the connection ends before the answer does', async () => {
  const up = await upstream((request, socket) => {
    const [, kind] = request.split(/[ /]+/);
    if (kind === 'length') socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
    else if (kind === 'chunked')
      socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
    else
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhalf', () =>
        setTimeout(() => socket.resetAndDestroy(), 50),
      );
    return null;
  });
  for (const way of await ways(up.url))
    for (const [method, kind] of [
      ['GET', 'length'],
      ['GET', 'chunked'],
      ['GET', 'reset'],
      ['POST', 'length'],
      ['POST', 'reset'],
    ] as const) {
      const socket = net.connect(way.port, '127.0.0.1');
      let text = '';
      socket.on('error', () => {}).on('data', (chunk) => (text += chunk));
      socket.write(`${way.start(method, `/${kind}`)}\r\n`);
      await closing(socket);
      expect([way.name, kind, text]).toEqual([
        way.name,
        kind,
        expect.stringMatching(/^HTTP\/1\.1 200 OK\r\n/),
      ]);
      expect(text).toMatch(/half(\r\n)?$/);
    }
});

test('a caller that goes away ends the call to the other system: while it waits, in the answer, in its upload', async () => {
  const up = await upstream((request) =>
    request.includes('/answer') ? 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome' : null,
  );
  for (const way of await ways(up.url))
    for (const request of [
      `${way.start('GET', '/waiting')}\r\n`,
      `${way.start('GET', '/answer')}\r\n`,
      `${way.start('POST', '/waiting')}\r\n`,
      `${way.start('POST', '/answer')}\r\n`,
      `${way.start('PUT', '/upload')}Content-Length: 100\r\n\r\nsome`,
    ]) {
      up.received.length = 0;
      up.sockets.length = 0;
      const socket = net.connect(way.port, '127.0.0.1');
      socket.write(request);
      await vi.waitFor(() => expect(up.received.join('')).toMatch(/HTTP\/1\.1/));
      if (request.includes('/answer')) await once(socket, 'data');
      const ended = Promise.all(up.sockets.map(closing));
      socket.destroy();
      await ended;
      expect(up.sockets).toHaveLength(1);
    }
  await vi.waitFor(async () => {
    const { items } = (await server.api('GET', '/audit?action=route.used&limit=20')).json;
    expect(items.map(({ detail }: { detail: { broken: string } }) => detail.broken)).toEqual(
      Array(20).fill('the caller went away'),
    );
  });
});

test('a WebSocket opens, speaks both ways and ends with its token; so do streams and uploads', async () => {
  const up = await upstream((request, socket) => {
    if (request.includes('/stream'))
      return 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n';
    socket.removeAllListeners('data');
    socket.on('data', (chunk) => socket.write(chunk));
    return 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
  });
  const own = await server.token('write:sasquatch');
  const open: net.Socket[] = [];
  const say = async (way: Way, request: string, until: string): Promise<net.Socket> => {
    const socket = net.connect(way.port, '127.0.0.1');
    open.push(socket);
    let text = '';
    socket.on('error', () => {}).on('data', (chunk) => (text += chunk));
    socket.write(request);
    await vi.waitFor(() => expect([way.name, text]).toEqual([way.name, expect.stringContaining(until)]));
    return socket;
  };
  for (const way of await ways(up.url, own.token)) {
    const offer = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
    const console = await say(way, `${way.start('GET', '/socket')}${offer}\r\nearly`, 'early');
    console.write('late');
    await once(console, 'data');
    await say(way, `${way.start('GET', '/stream')}\r\n`, 'first');
    await say(way, `${way.start('POST', '/stream')}Content-Length: 2\r\n\r\nhi`, 'first');
    const upload = net.connect(way.port, '127.0.0.1').on('error', () => {});
    open.push(upload);
    upload.write(`${way.start('PUT', '/upload')}Content-Length: 100\r\n\r\nsome`);
  }
  await vi.waitFor(() => expect(up.received.join('').match(/\r\n\r\nsome/g)).toHaveLength(4));
  expect(up.sockets.filter((socket) => !socket.destroyed)).toHaveLength(16);
  const ended = [...open, ...up.sockets].map(closing);
  expect((await server.api('DELETE', `/tokens/${own.id}`)).status).toBeLessThan(300);
  await Promise.all(ended);
});
