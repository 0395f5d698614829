import net from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  ALL,
  broker,
  closeAll,
  connectHttp,
  pinned,
  plainAnswer,
  portOf,
  proxmox,
  raw,
  upstream,
} from './support.ts';

/** Where messages begin and end, in cases that a tool or an attacker makes and a relay gets wrong. */
let server: Awaited<ReturnType<typeof broker>>;
let token: string;
let made = 0;

beforeAll(async () => {
  server = await broker();
  token = (await server.token('write:sasquatch')).token;
});
afterAll(closeAll);

/** A route of its own to the system. */
async function to(url: string): Promise<string> {
  const name = `r${made++}`;
  await server.route(name, url, ALL);
  return `/connect/${name}`;
}

const ask = (line: string, more = '', body = '', quietMs = 300): Promise<string> =>
  raw(
    portOf(server.url),
    `${line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n${more}\r\n${body}`,
    quietMs,
  );

test('a part of a file comes as the part that was asked for', async () => {
  const file = 'abcdefghij';
  const up = await upstream((request) => {
    const [, from, until] = /\r\nRange: bytes=(\d+)-(\d+)/.exec(request) ?? [];
    if (from === undefined)
      return 'HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */10\r\nContent-Length: 0\r\n\r\n';
    const part = file.slice(Number(from), Number(until) + 1);
    return `HTTP/1.1 206 Partial Content\r\nAccept-Ranges: bytes\r\nContent-Range: bytes ${from}-${until}/10\r\nETag: "v1"\r\nContent-Length: ${part.length}\r\n\r\n${part}`;
  });
  const path = await to(up.url);
  const part = await ask(`GET ${path}/x`, 'Range: bytes=2-4\r\nIf-Range: "v1"\r\n');
  expect(part).toMatch(/^HTTP\/1\.1 206 Partial Content\r\n/);
  expect(part).toContain('Content-Range: bytes 2-4/10\r\n');
  expect(part).toMatch(/\r\n\r\ncde$/);
  expect(up.received.join('')).toContain('If-Range: "v1"\r\n');
  expect(await ask(`GET ${path}/x`)).toMatch(/^HTTP\/1\.1 416 [\s\S]*Content-Range: bytes \*\/10\r\n/);
});

test('what is said before the answer (100, 103) stays between the two systems, and the answer follows whole', async () => {
  const up = await upstream(
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${plainAnswer('said')}`,
  );
  const seen = await ask(`POST ${await to(up.url)}/x`, 'Content-Length: 2\r\n', 'hi');
  expect(seen).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nsaid$/);
  expect(seen.match(/HTTP\/1\.1/g)?.length).toBe(1);
});

test('a body that has no business there is no second answer: HEAD, 204 and 304 that bring one', async () => {
  for (const [line, start] of [
    ['HEAD', `HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n`],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 60\r\n\r\n'],
  ] as const) {
    let calls = 0;
    const up = await upstream(() => (calls++ === 0 ? start + plainAnswer('poisoned') : plainAnswer('own')));
    const path = await to(up.url);
    const first = await ask(`${line} ${path}/first`);
    expect(first).not.toContain('poisoned');
    const next = await server.call('GET', `${path}/next`, { token });
    expect([line, start, next.text]).toEqual([line, start, 'own']);
  }
});

test('what comes after an answer that was whole is nobody’s answer', async () => {
  let calls = 0;
  const up = await upstream((_request, socket) => {
    if (calls++ === 0) setTimeout(() => socket.write(plainAnswer('late and poisoned')), 30);
    return plainAnswer(`answer ${calls}`);
  });
  const path = await to(up.url);
  expect((await server.call('GET', `${path}/x`, { token })).text).toBe('answer 1');
  const closed = new Promise((resolve) => up.sockets[0]?.once('close', resolve));
  await closed;
  expect((await server.call('GET', `${path}/x`, { token })).text).toBe('answer 2');
});

test('a body of a GET or DELETE travels as a body, and never as a request of its own', async () => {
  const up = await upstream();
  const path = await to(up.url);
  const inside = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
  for (const method of ['GET', 'DELETE', 'OPTIONS']) {
    const seen = await ask(`${method} ${path}/x`, `Content-Length: ${inside.length}\r\n`, inside);
    expect(seen.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
    expect(up.received.join('')).toContain(
      `${method} /x HTTP/1.1\r\nHost: 127.0.0.1:${up.port}\r\nContent-Length: ${inside.length}\r\n\r\n${inside}`,
    );
  }
});

test('a length that lies is the liar’s loss: less ends nothing early, more is a request of its own', async () => {
  const up = await upstream();
  const path = await to(up.url);
  const more = await ask(
    `POST ${path}/x`,
    'Content-Length: 2\r\n',
    'hiGET /unjudged HTTP/1.1\r\nHost: x\r\n\r\n',
  );
  expect(more.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404']);
  expect(up.received.join('')).not.toContain('/unjudged');
});

test('a redirect to a metadata address is handed back like any other, and nothing is dialled', async () => {
  for (const location of [
    'http://169.254.169.254/latest/meta-data/iam/',
    'http://[fd00:ec2::254]/',
    '//metadata.google.internal/computeMetadata/v1/',
    'gopher://127.0.0.1:1/',
  ]) {
    const up = await upstream(
      `HTTP/1.1 307 Temporary Redirect\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`,
    );
    const answer = await fetch(`${server.url}${await to(up.url)}/x`, {
      method: 'POST',
      redirect: 'manual',
      headers: { authorization: `Bearer ${token}` },
      body: 'secret body',
    });
    expect([answer.status, answer.headers.get('location')]).toEqual([307, location]);
    expect(up.received.length).toBe(1);
  }
});

test('the injected secret is masked on the status line, in any header and in trailers', async () => {
  const secret = 'upstream-canary-secret';
  const up = await upstream(
    `HTTP/1.1 401 invalid token Bearer ${secret}\r\nX-Debug: ${secret}\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nno\r\n0\r\nX-Sum: ${secret}\r\n\r\n`,
  );
  await connectHttp(server, 'echo', up.url, secret);
  await server.routeTo('echo', 'echo');
  const caller = await server.token('read:echo');
  const seen = await raw(
    portOf(server.url),
    `GET /connect/echo/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${caller.token}\r\n\r\n`,
  );
  const mask = '*'.repeat(secret.length);
  expect(seen).toMatch(/^HTTP\/1\.1 401 invalid token /);
  expect(seen).not.toContain(secret);
  expect(seen).toContain(`X-Debug: ${mask}\r\n`);
  expect(seen).toContain(`X-Sum: ${mask}\r\n`);
});

test('Proxmox’s inner hop speaks through 595 and 596, and a large chunked body is told what to do', async () => {
  const pve = await proxmox();
  await server.connection('pve', {
    kind: 'proxmox',
    url: pve.url,
    trust: pinned(pve),
    credential: { secret: pve.credentials.rootToken.full },
    test: false,
  });
  await server.routeTo('lab', 'pve');
  const caller = await server.token('all:lab');
  const authorization = `Authorization: PVEAPIToken=a@pve!b=${caller.token}\r\n`;
  const before = pve.requests.length;
  const chunk = `40000\r\n${'a'.repeat(0x40000)}\r\n`;
  const large = await raw(
    portOf(server.url),
    `POST /connect/lab/api2/json/pools HTTP/1.1\r\nHost: x\r\n${authorization}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(5)}0\r\n\r\n`,
    1000,
  );
  expect(large).toMatch(/^HTTP\/1\.1 413 Tessera: A body without Content-Length may have 1048576 bytes here/);
  expect(pve.requests.length).toBe(before);
  for (const line of [
    '595 Connection refused',
    '596 error:0A000086:SSL routines::certificate verify failed',
  ]) {
    const up = await upstream(`HTTP/1.1 ${line}\r\nConnection: close\r\n\r\n`);
    const name = `inner${up.port}`;
    await server.route(name, up.url, ALL);
    up.sockets.length = 0;
    const answered = ask(`GET /connect/${name}/x`);
    setTimeout(() => up.sockets[0]?.end(), 50);
    expect(await answered).toMatch(new RegExp(`^HTTP/1\\.1 ${line}\r\n`));
  }
});

test('a caller of HTTP/1.0 gets its answer and the end of the connection', async () => {
  const up = await upstream(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n',
  );
  const path = await to(up.url);
  const text = await new Promise<string>((resolve, reject) => {
    const socket = net.connect(portOf(server.url), '127.0.0.1');
    let seen = '';
    socket.on('data', (part) => (seen += part));
    socket.on('error', reject);
    socket.on('close', () => resolve(seen));
    socket.write(`GET ${path}/x HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  });
  expect(text).toMatch(/\r\n\r\nWikipedia$/);
  expect(text).not.toMatch(/transfer-encoding/i);
});
