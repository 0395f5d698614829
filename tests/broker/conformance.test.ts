import http from 'node:http';
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { broker, closeAll, later, plainAnswer, portOf, raw, upstream } from './support.ts';

type Broker = Awaited<ReturnType<typeof broker>>;
let server: Broker;
let token: string;

beforeEach(async () => {
  server = await broker();
  token = (await server.token('write:sasquatch')).token;
});
afterEach(closeAll);

const ALL = { presets: false, rules: [{ path: '/**', scopes: ['write:sasquatch'] }] };
const bearer = () => `Authorization: Bearer ${token}\r\n`;
const ask = (line: string, more = '', body = ''): Promise<string> =>
  raw(portOf(server.url), `${line} HTTP/1.1\r\nHost: x\r\n${bearer()}${more}\r\n${body}`);
const bodyOf = (text: string): string => text.slice(text.indexOf('\r\n\r\n') + 4);

test('odd statuses keep their number and their reason phrase', async () => {
  for (const line of [
    '595 Connection refused',
    '596 tls_process_server_certificate: certificate verify failed',
    '403 Permission check failed (/vms/100, VM.Audit)',
    '418 ',
    '200 Alles klar \u00e4',
  ]) {
    const up = await upstream(Buffer.from(`HTTP/1.1 ${line}\r\nContent-Length: 0\r\n\r\n`, 'latin1'));
    const name = `r${up.port}`;
    await server.route(name, up.url, ALL);
    expect((await ask(`GET /connect/${name}/x`)).split('\r\n', 1)[0]).toBe(`HTTP/1.1 ${line}`);
  }
});

test('path and query travel byte for byte', async () => {
  const up = await upstream();
  await server.route('r', up.url, ALL);
  const paths = [
    '/a%2Fb',
    '/UPID:pve:0001:!x@y:',
    '/q/?destroy=1&x=%20+%2b',
    '/trailing/',
    "/it's(me)*",
    '/%C3%A4',
    '/?',
    '/a?b=//c/../d',
  ];
  for (const path of paths) await ask(`GET /connect/r${path}`);
  const lines = up.received.join('').match(/^GET .* HTTP\/1\.1$/gm);
  expect(lines).toEqual(paths.map((path) => `GET ${path} HTTP/1.1`));
});

test('the request is built from an allow-list: hop-by-hop, identity and cookie headers stay behind', async () => {
  const up = await upstream();
  await server.route('r', up.url, ALL);
  await ask(
    'GET /connect/r/x',
    [
      'Connection: keep-alive, X-Request-Id',
      'X-Request-Id: named-by-connection',
      'Keep-Alive: timeout=5',
      'TE: trailers',
      'Proxy-Authorization: Basic eA==',
      'Cookie: _session_id=stale; PVEAuthCookie=old',
      'X-Forwarded-For: 6.6.6.6',
      'X-Forwarded-User: admin',
      'X_Forwarded_User: admin',
      'Forwarded: for=6.6.6.6',
      'Remote-User: admin',
      'X-Remote-User: admin',
      'X-Auth-Request-User: admin',
      'OIDC_CLAIM_sub: admin',
      'Foreman-User: admin',
      'X-HTTP-Method-Override: DELETE',
      'PVEDisableProxy: 1',
      'CSRFPreventionToken: x',
      'X-Original-URL: /admin',
      'Accept: application/json',
      'Range: bytes=0-9',
      '',
    ].join('\r\n'),
  );
  expect(up.received.join('')).toBe(
    `GET /x HTTP/1.1\r\nHost: 127.0.0.1:${up.port}\r\nAccept: application/json\r\nRange: bytes=0-9\r\n\r\n`,
  );
});

test('cookies and hop-by-hop headers of the answer end here, doubled Connection headers included', async () => {
  const up = await upstream(
    'HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nConnection: close\r\nConnection: Keep-Alive, X-Hop\r\nX-Hop: 1\r\nApipie-Checksum: abc\r\nContent-Length: 2\r\n\r\nok',
  );
  await server.route('r', up.url, ALL);
  const text = await ask('GET /connect/r/x', 'Connection: close\r\n');
  expect(text).not.toMatch(/set-cookie|x-hop/i);
  expect(text).toContain('Apipie-Checksum: abc');
  expect(text.match(/^connection:/gim)?.length).toBe(1);
});

test('answers without a body stay without one and keep the length they speak of', async () => {
  const up = await upstream((request) =>
    request.startsWith('HEAD')
      ? 'HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n'
      : request.includes('/204')
        ? 'HTTP/1.1 204 No Content\r\n\r\n'
        : 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 99\r\n\r\n',
  );
  await server.route('r', up.url, ALL);
  const head = await ask('HEAD /connect/r/x');
  expect(head).toMatch(/Content-Length: 1234\r\n/);
  expect(bodyOf(head)).toBe('');
  const none = await ask('GET /connect/r/204');
  expect(none).toMatch(/^HTTP\/1\.1 204 No Content/);
  expect(bodyOf(none)).toBe('');
  const unchanged = await ask('GET /connect/r/304');
  expect(unchanged).toMatch(/^HTTP\/1\.1 304 Not Modified/);
  expect(bodyOf(unchanged)).toBe('');
});

test('a chunked answer comes through with its trailers, in whatever pieces it arrives', async () => {
  const answer =
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n4;ext=1\r\nWiki\r\n5\r\npedia\r\n0\r\nX-Sum: 9\r\n\r\n';
  const up = await upstream((request, socket) => {
    if (!request.includes('/pieces')) return answer;
    const bytes = [...answer];
    const next = (): void => {
      const byte = bytes.shift();
      if (byte !== undefined) socket.write(byte, () => setImmediate(next));
    };
    next();
    return null;
  });
  await server.route('r', up.url, ALL);
  for (const path of ['/whole', '/pieces']) {
    const body = bodyOf(await ask(`GET /connect/r${path}`));
    expect(body.replace(/(^|\r\n)[0-9a-f]+\r\n/g, '')).toMatch(/^W(\r\n)?.*/);
    const answered = await fetch(`${server.url}/connect/r${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await answered.text()).toBe('Wikipedia');
    expect(body).toContain('X-Sum: 9');
  }
});

test('an answer that ends with its connection is passed on whole', async () => {
  const up = await upstream((_request, socket) => {
    socket.end('HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end');
    return null;
  });
  await server.route('r', up.url, ALL);
  const answer = await server.call('GET', '/connect/r/x', { token });
  expect(answer.text).toBe('until the end');
});

test('a compressed answer stays as it is', async () => {
  const packed = gzipSync('{"data":1}');
  const up = await upstream(
    Buffer.concat([
      Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${packed.length}\r\n\r\n`),
      packed,
    ]),
  );
  await server.route('r', up.url, ALL);
  const text = await ask('GET /connect/r/x', 'Accept-Encoding: gzip\r\n');
  expect(Buffer.from(bodyOf(text), 'latin1').equals(packed)).toBe(true);
});

test('a body with a length keeps it, an empty POST says so, a chunked one stays chunked where that is understood', async () => {
  const up = await upstream();
  await server.route('r', up.url, ALL);
  await ask('POST /connect/r/a', 'Content-Length: 5\r\n', 'hello');
  await ask('POST /connect/r/b', 'Content-Length: 0\r\n');
  await ask('PUT /connect/r/c', 'Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n');
  const sent = up.received.join('');
  expect(sent).toMatch(/POST \/a HTTP\/1\.1\r\n(.+\r\n)*Content-Length: 5\r\n\r\nhello/);
  expect(sent).toMatch(/POST \/b HTTP\/1\.1\r\n(.+\r\n)*Content-Length: 0\r\n\r\n/);
  expect(sent).toMatch(
    /PUT \/c HTTP\/1\.1\r\n(.+\r\n)*Transfer-Encoding: chunked\r\n\r\n(5\r\nabcde|3\r\nabc\r\n2\r\nde)\r\n0\r\n\r\n/,
  );
});

test('whoever waits for 100 Continue is told only when the call may pass', async () => {
  const up = await upstream();
  await server.route('r', up.url, ALL);
  const more = 'Expect: 100-continue\r\nContent-Length: 5\r\n';
  const passed = await ask('POST /connect/r/a', more, 'hello');
  expect(passed).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200/);
  const refused = await raw(portOf(server.url), `POST /connect/r/a HTTP/1.1\r\nHost: x\r\n${more}\r\n`);
  expect(refused).toMatch(/^HTTP\/1\.1 401/);
  expect(up.received.join('')).not.toMatch(/expect/i);
});

test('an answer that comes before the body was sent is passed on at once', async () => {
  const seen = new Promise<void>((resolve) => {
    const early = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.write('HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\n\r\nno'));
      socket.once('close', resolve);
    });
    early.listen(0, '127.0.0.1', async () => {
      later({ close: () => early.close() });
      await server.route('early', `http://127.0.0.1:${(early.address() as net.AddressInfo).port}`, ALL);
      const text = await ask('POST /connect/early/x', 'Content-Length: 1000000\r\n', 'the first bytes');
      expect(text).toMatch(/^HTTP\/1\.1 413 Too Much/);
      expect(bodyOf(text)).toBe('no');
    });
  });
  // Half a request cannot be followed by another: its connection is not used again.
  await seen;
});

test('a caller that goes away ends the call to the other system', async () => {
  const up = await upstream(() => 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome');
  await server.route('r', up.url, ALL);
  const socket = net.connect(portOf(server.url), '127.0.0.1');
  socket.write(`GET /connect/r/x HTTP/1.1\r\nHost: x\r\n${bearer()}\r\n`);
  await new Promise((resolve) => socket.once('data', resolve));
  const ended = new Promise((resolve) => up.sockets[0]?.once('close', resolve));
  socket.destroy();
  await ended;
  expect((await server.rows('r'))[0].detail.broken).toBe('the caller went away');
});

test('half an answer is never taken for a whole one', async () => {
  for (const start of [
    'Content-Length: 100\r\n\r\nsome',
    'Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n',
  ]) {
    const up = await upstream((_request, socket) => {
      socket.end(`HTTP/1.1 200 OK\r\n${start}`);
      return null;
    });
    await server.route(`r${up.port}`, up.url, ALL);
    const broken = server.call('GET', `/connect/r${up.port}/x`, { token });
    await expect(broken).rejects.toThrow();
  }
});

test('an idle connection that the other side closed is not the fault of the next call', async () => {
  let answers = 0;
  const up = await upstream((_request, socket) => {
    answers++;
    if (answers === 2) {
      socket.destroy();
      return null;
    }
    return plainAnswer(`answer ${answers}`);
  });
  await server.route('r', up.url, ALL);
  expect((await server.call('GET', '/connect/r/x', { token })).text).toBe('answer 1');
  expect((await server.call('GET', '/connect/r/x', { token })).text).toBe('answer 3');
  // A write is never sent twice.
  answers = 1;
  expect((await server.call('POST', '/connect/r/x', { token })).status).toBe(502);
  expect(answers).toBe(2);
});

test('answers that could be read in two ways are not passed on', async () => {
  for (const answer of [
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc',
    'HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nab',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX: a\r\n folded\r\nContent-Length: 2\r\n\r\nab',
    'HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 2\r\n\r\nab',
    'HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 2\r\n\r\nab',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n',
    'HTTP/2 200\r\n\r\n',
    'SSH-2.0-OpenSSH_9.6\r\n',
  ]) {
    const up = await upstream((_request, socket) => {
      socket.write(answer);
      return null;
    });
    await server.route(`r${up.port}`, up.url, ALL);
    const seen = await server.call('GET', `/connect/r${up.port}/x`, { token });
    expect([answer, seen.status, seen.json.code]).toEqual([answer, 502, 'malformed_response']);
  }
});

test('a fast sender is slowed to the pace of a slow reader, in both directions', async () => {
  const size = 64 * 1024 * 1024;
  let written = 0;
  let uploaded = 0;
  const big = http.createServer((request, response) => {
    if (request.method === 'POST') {
      request.on('data', (chunk: Buffer) => {
        uploaded += chunk.length;
      });
      request.on('end', () => response.end(String(uploaded)));
      return;
    }
    response.writeHead(200, { 'Content-Length': size });
    const part = Buffer.alloc(64 * 1024, 'x');
    const more = (): void => {
      while (written < size) {
        written += part.length;
        if (!response.write(part)) {
          response.once('drain', more);
          return;
        }
      }
      response.end();
    };
    more();
  });
  await new Promise<void>((resolve) => big.listen(0, '127.0.0.1', resolve));
  later({ close: () => void big.close() });
  await server.route('big', `http://127.0.0.1:${(big.address() as net.AddressInfo).port}`, ALL);
  const download = await fetch(`${server.url}/connect/big/x`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const reader = download.body?.getReader();
  await reader?.read();
  await new Promise((resolve) => setTimeout(resolve, 200));
  // What lies between writer and reader are buffers of sockets, not the file.
  expect(written).toBeLessThan(size / 2);
  let total = 0;
  for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read())
    total += part.value.length;
  expect(total).toBeGreaterThan(size - 1024 * 1024);
  const upload = await server.call('POST', '/connect/big/x', { token, body: 'y'.repeat(8 * 1024 * 1024) });
  expect(upload.text).toBe(String(8 * 1024 * 1024));
});

test('the cap of a route is kept, and the next caller is told to come again', async () => {
  const up = await upstream(() => null);
  await server.route('r', up.url, { ...ALL, max_concurrent: 1, first_byte_ms: 60_000 });
  const first = net.connect(portOf(server.url), '127.0.0.1');
  first.write(`GET /connect/r/x HTTP/1.1\r\nHost: x\r\n${bearer()}\r\n`);
  while (up.received.join('') === '') await new Promise((resolve) => setTimeout(resolve, 10));
  const second = await server.call('GET', '/connect/r/x', { token });
  expect([second.status, second.headers.get('retry-after')]).toEqual([503, '1']);
  first.destroy();
});

test('a system that does not answer is reported as such, one that is away is left alone for a while', async () => {
  const silent = await upstream(() => null);
  await server.route('silent', silent.url, { ...ALL, first_byte_ms: 100 });
  expect((await server.call('GET', '/connect/silent/x', { token })).status).toBe(504);
  await server.route('away', 'http://127.0.0.1:1', ALL);
  for (let call = 0; call < 5; call++)
    expect((await server.call('GET', '/connect/away/x', { token })).status).toBe(502);
  const paused = await server.call('GET', '/connect/away/x', { token });
  expect([paused.status, paused.json.code]).toEqual([503, 'paused']);
  server.pass(6);
  expect((await server.call('GET', '/connect/away/x', { token })).status).toBe(502);
});

test('a plain GET, which is read in front of node:http, gets what the same GET gets there', async () => {
  const long = 'x'.repeat(200_000);
  const chunks = long.replace(/x{50000}/g, (part) => `c350\r\n${part}\r\n`);
  const answers: Record<string, string> = {
    '/length': 'HTTP/1.1 200 OK\r\nX-A: \u00e4\r\nContent-Length: 4\r\n\r\nbody',
    '/dated':
      'HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nETag: "1"\r\nContent-Length: 0\r\n\r\n',
    '/nothing': 'HTTP/1.1 204 No Content\r\n\r\n',
    '/unchanged': 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 99\r\n\r\n',
    '/long': `HTTP/1.1 200 OK\r\nContent-Length: ${long.length}\r\n\r\n${long}`,
    '/chunks': `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n${chunks}0\r\nX-Sum: 9\r\n\r\n`,
    '/broken': 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf',
    '/refused': 'HTTP/1.1 595 Connection refused\r\nContent-Length: 3\r\n\r\nno!',
    '/malformed': 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    '/until-the-end': 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nall there is',
  };
  const up = await upstream((request, socket) => {
    const path = request.split(' ')[1] ?? '';
    const answer = Buffer.from(answers[path] ?? '', 'latin1');
    if (path === '/broken' || path === '/until-the-end') {
      socket.end(answer);
      return null;
    }
    return answer;
  });
  await server.route('r', up.url, ALL);
  const unchunked = (text: string): string => {
    const [head = ''] = text.split('\r\n\r\n', 1);
    const body = bodyOf(text);
    // Pieces may be divided anywhere.
    return `${head.replace(/^Date: (?!Thu, 01 Jan 2026).*$/m, 'Date: now')}\r\n\r\n${
      /^transfer-encoding: chunked$/im.test(head) ? body.replace(/(^|\r\n)[0-9a-f]+\r\n/g, '') : body
    }`;
  };
  for (const path of Object.keys(answers)) {
    const plain = unchunked(await ask(`GET /connect/r${path}`));
    const whole = unchunked(await ask(`GET /connect/r${path}`, 'Content-Length: 0\r\n'));
    const lines = (text: string) => text.split('\r\n').sort();
    expect(lines(plain), path).toEqual(lines(whole));
    expect(plain.length, path).toBeGreaterThan(20);
  }
});
