import net from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ALL, broker, closeAll, everyWay, later, plainAnswer, portOf, raw, upstream } from './support.ts';

type Broker = Awaited<ReturnType<typeof broker>>;
let server: Broker;
let token: string;

beforeEach(async () => {
  server = await broker();
  token = (await server.token('write:sasquatch')).token;
});
afterEach(closeAll);

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

test('an answer that comes before the body was sent is passed on at once, and its connection is not used again', async () => {
  let answer = 'HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\n\r\nno';
  const seen: net.Socket[] = [];
  const early = net.createServer((socket) => {
    seen.push(socket);
    socket.on('error', () => {});
    socket.once('data', () => socket.write(answer));
  });
  await new Promise<void>((resolve) => early.listen(0, '127.0.0.1', resolve));
  later({ close: () => early.close() });
  const url = `http://127.0.0.1:${(early.address() as net.AddressInfo).port}`;
  for (const way of await everyWay(server, url, token))
    for (const framing of [
      'Content-Length: 1000000\r\n\r\n',
      'Transfer-Encoding: chunked\r\n\r\nf4240\r\n',
    ]) {
      const text = await raw(way.port, `${way.start('POST', '/x')}${framing}the first bytes`);
      expect([way.name, text.slice(0, 23)]).toEqual([way.name, 'HTTP/1.1 413 Too Much\r\n']);
      expect(bodyOf(text)).toBe('no');
      // Half a request cannot be followed by another.
      const used = seen.at(-1);
      await vi.waitFor(() => expect(used?.destroyed).toBe(true));
    }
  answer = plainAnswer('a line of its own');
  await server.route('early', url, ALL);
  expect((await server.call('GET', '/connect/early/x', { token })).text).toBe('a line of its own');
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
