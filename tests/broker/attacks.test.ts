import { afterEach, beforeEach, expect, test } from 'vitest';
import { broker, closeAll, pinned, plainAnswer, portOf, proxmox, raw, upstream } from './support.ts';

type Broker = Awaited<ReturnType<typeof broker>>;
let server: Broker;
let token: string;

beforeEach(async () => {
  server = await broker();
  token = (await server.token('write:sasquatch')).token;
});
afterEach(closeAll);

const ALL = { presets: false, rules: [{ path: '/**', scopes: ['write:sasquatch'] }] };
const send = (text: string): Promise<string> => raw(portOf(server.url), text.replaceAll('TOKEN', token));

test('no spelling of an address leads anywhere but to the registered origin', async () => {
  const up = await upstream();
  const trap = await upstream(plainAnswer('trapped'));
  await server.route('r', up.url, ALL);
  const trapped = `127.0.0.1:${trap.port}`;
  for (const path of [
    `/connect/r/http://${trapped}/`,
    `/connect/r//${trapped}/`,
    `/connect/r/\\\\${trapped}\\`,
    `/connect/r/@${trapped}/`,
    `/connect/r@${trapped}/`,
    `/connect/r:80@${trapped}/`,
    `http://${trapped}/connect/r/`,
    `http://user:pass@${trapped}/`,
    `//${trapped}/connect/r/`,
    `/connect/r/%2f%2f${trapped}/`,
    `/connect/r/..%2f..%2f@${trapped}/`,
    '/connect/r/http://169.254.169.254/latest/meta-data/',
    '/connect/r/http://0x7f000001/',
    '/connect/r/http://2130706433/',
    '/connect/r/http://[::ffff:127.0.0.1]/',
  ])
    await send(
      `GET ${path} HTTP/1.1\r\nHost: ${trapped}\r\nAuthorization: Bearer TOKEN\r\nX-Forwarded-Host: ${trapped}\r\n\r\n`,
    );
  expect(trap.received).toEqual([]);
  for (const host of up.received.join('').match(/^Host: .*$/gm) ?? [])
    expect(host).toBe(`Host: 127.0.0.1:${up.port}`);
});

test('link-local and metadata addresses are never dialled, however they are written', async () => {
  for (const [at, to] of [
    'http://169.254.169.254',
    'http://[fe80::1]',
    'http://0xa9fea9fe',
    'http://2852039166',
    'http://[::ffff:169.254.169.254]',
  ].entries()) {
    const made = await server.api('POST', '/routes', { name: `m${at}`, to, ...ALL });
    if (made.status !== 201) continue;
    const answer = await server.call('GET', `/connect/m${at}/latest/meta-data/`, { token });
    expect([to, answer.status, answer.json.code]).toEqual([to, 502, 'address_forbidden']);
  }
});

test('a redirect is handed to the caller and never followed, with or without the credential', async () => {
  const trap = await upstream(plainAnswer('trapped'));
  const up = await upstream(`HTTP/1.1 302 Found\r\nLocation: ${trap.url}/steal\r\nContent-Length: 0\r\n\r\n`);
  await server.connection('http', {
    kind: 'http',
    url: up.url,
    trust: { mode: 'system' },
    credential: { method: 'bearer', secret: 'upstream-canary-secret' },
    test: false,
  });
  await server.routeTo('h', 'http');
  const caller = await server.token('read:h');
  const answer = await server.call('GET', '/connect/h/x', { token: caller.token });
  expect([answer.status, answer.headers.get('location')]).toEqual([302, `${trap.url}/steal`]);
  expect(up.received.join('')).toContain('Authorization: Bearer upstream-canary-secret');
  expect(trap.received).toEqual([]);
});

test('the injected secret does not come back, in a header or in a body, in whatever pieces', async () => {
  const secret = 'upstream-canary-secret';
  const up = await upstream((request, socket) => {
    if (request.includes('/whole'))
      return plainAnswer(`you sent ${secret}, twice ${secret}`, `X-Echo: Bearer ${secret}\r\n`);
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${secret.length + 2}\r\n\r\n<${secret.slice(0, 9)}`);
    setTimeout(() => socket.write(`${secret.slice(9)}>`), 30);
    return null;
  });
  await server.connection('http', {
    kind: 'http',
    url: up.url,
    trust: { mode: 'system' },
    credential: { method: 'bearer', secret },
    test: false,
  });
  await server.routeTo('h', 'http');
  const caller = await server.token('read:h');
  const whole = await server.call('GET', '/connect/h/whole', { token: caller.token });
  expect(whole.text).toBe(`you sent ${'*'.repeat(22)}, twice ${'*'.repeat(22)}`);
  expect(whole.headers.get('x-echo')).toBe(`Bearer ${'*'.repeat(22)}`);
  const pieces = await server.call('GET', '/connect/h/pieces', { token: caller.token });
  expect(pieces.text).toBe(`<${'*'.repeat(22)}>`);
});

test('requests that two servers could read differently are refused, and not a byte of them travels', async () => {
  const up = await upstream();
  await server.route('r', up.url, ALL);
  const start = 'POST /connect/r/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer TOKEN\r\n';
  const smuggled = 'GET /connect/r/smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
  for (const text of [
    `${start}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    `${start}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${smuggled}`,
    `${start}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`,
    `${start}Content-Length: 5, 6\r\n\r\nhello!`,
    `${start}Content-Length: +5\r\n\r\nhello`,
    `${start}Content-Length: 0x5\r\n\r\nhello`,
    `${start}Content-Length: -1\r\n\r\nhello`,
    `${start}Content-Length : 5\r\n\r\nhello`,
    `${start}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
    `${start}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    `${start}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    `${start}X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${start}X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${start}X: a\0b\r\nContent-Length: 0\r\n\r\n`,
    `${start}Host: y\r\nContent-Length: 0\r\n\r\n`,
    `${start}Authorization: Bearer other\r\nContent-Length: 0\r\n\r\n`,
    `${start} folded: yes\r\nContent-Length: 0\r\n\r\n`,
    `${start}Transfer-Encoding: chunked\r\n\r\n5;\nx\r\nhello\r\n0\r\n\r\n`,
    'POST /connect/r/x HTTP/1.1\nHost: x\nAuthorization: Bearer TOKEN\nContent-Length: 0\n\n',
    'POST /connect/r/x HTTP/1.1\r\nAuthorization: Bearer TOKEN\r\nContent-Length: 0\r\n\r\n',
  ]) {
    const seen = await send(text);
    expect([text.slice(start.length), seen.slice(0, 12)]).toEqual([
      text.slice(start.length),
      expect.stringMatching(/^(HTTP\/1\.1 4\d\d|)$/),
    ]);
  }
  expect(up.received.join('')).not.toContain('smuggled');
  expect(up.received.join('').replace(/POST \/x HTTP\/1\.1\r\n(.+\r\n)*\r\n/g, '')).not.toMatch(/HTTP\/1\.1/);
});

test('what follows a request on the same connection is judged for itself', async () => {
  const up = await upstream();
  await server.route('r', up.url, ALL);
  const seen = await send(
    'GET /connect/r/one HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer TOKEN\r\n\r\nGET /connect/r/two HTTP/1.1\r\nHost: x\r\n\r\n',
  );
  expect(seen.match(/HTTP\/1\.1 (200|401)/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 401']);
  expect(up.received.join('')).not.toContain('/two');
});

test('what is judged is what travels: 500 spellings of a forbidden path reach nothing', async () => {
  const up = await upstream();
  await server.route('r', up.url, {
    presets: false,
    rules: [
      { path: '/admin/**', access: 'never' },
      { path: '/**', scopes: ['write:sasquatch'] },
    ],
  });
  const letters = [...'admin'];
  const spelt = new Set<string>();
  for (let mask = 0; mask < 32; mask++) {
    const word = letters
      .map((letter, at) => ((mask >> at) & 1 ? `%${letter.charCodeAt(0).toString(16)}` : letter))
      .join('');
    for (const around of [
      '/W',
      '/W/',
      '/W/x',
      '/./W/x',
      '/x/../W',
      '/%2e/W/x',
      '/x/%2e%2e/W',
      '//W',
      '/W//x',
      '/W%2fx',
      '/x%2f..%2fW',
      '/W;a=b/x',
      '/W;/x',
      '/.;/W',
      '/W\\x',
      '/W%5cx',
      '/W%00',
    ])
      spelt.add(around.replace('W', () => word));
  }
  expect(spelt.size).toBeGreaterThan(500);
  const paths = [...spelt];
  for (let at = 0; at < paths.length; at += 50) {
    const requests = paths
      .slice(at, at + 50)
      .map((path) => `GET /connect/r${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer TOKEN\r\n\r\n`);
    await send(requests.join(''));
  }
  expect(up.received.join('').match(/^GET .*/gm) ?? []).toEqual([]);
});

test('a token in the address is no credential, and does not travel', async () => {
  const up = await upstream();
  await server.route('r', up.url, ALL);
  for (const query of [`token=${token}`, `access_token=${token}`, `a=1&x=${token}`]) {
    expect((await server.call('GET', `/connect/r/x?${query}`)).status).toBe(400);
    expect((await server.call('GET', `/connect/r/x?${query}`, { token })).status).toBe(400);
  }
  expect(up.received).toEqual([]);
});

test('only a credential in the Authorization header counts: no cookie, no name that looks like one', async () => {
  const up = await upstream();
  await server.route('r', up.url, ALL);
  for (const header of [
    'Cookie: tessera_session=TOKEN',
    'X-Auth-Token: TOKEN',
    'Proxy-Authorization: Bearer TOKEN',
    'X_Authorization: Bearer TOKEN',
    'Authorization: TOKEN',
    'Authorization: Digest TOKEN',
  ]) {
    const seen = await send(`GET /connect/r/x HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n`);
    expect([header, seen.slice(0, 12)]).toEqual([header, 'HTTP/1.1 401']);
  }
  expect(up.received).toEqual([]);
});

test('Proxmox gets a body with a length even from a caller that sends chunks, and never a chunk', async () => {
  const pve = await proxmox();
  await server.connection('pve', {
    kind: 'proxmox',
    url: pve.url,
    trust: pinned(pve),
    credential: { secret: pve.credentials.adminToken.full },
    test: false,
  });
  await server.routeTo('lab', 'pve');
  const caller = await server.token('all:lab');
  const seen = await raw(
    portOf(server.url),
    `POST /connect/lab/api2/json/pools HTTP/1.1\r\nHost: x\r\nAuthorization: PVEAPIToken=a@pve!b=${caller.token}\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n7\r\npoolid=\r\n4\r\nmine\r\n0\r\n\r\n`,
    1000,
  );
  expect(seen).toMatch(/^HTTP\/1\.1 200/);
  const { headers, body } = pve.requests.at(-1) ?? { headers: {} as Record<string, string>, body: '' };
  expect([headers['content-length'], headers['transfer-encoding'], body]).toEqual([
    '11',
    undefined,
    'poolid=mine',
  ]);
});

test('headers of routing and identity cannot be let through even by an administrator', async () => {
  for (const name of [
    'Authorization',
    'Cookie',
    'X-Forwarded-User',
    'Remote-User',
    'Host',
    'PVEDisableProxy',
    'x_y',
  ])
    expect(
      (
        await server.api('POST', '/routes', {
          name: 'r',
          to: 'http://127.0.0.1:9',
          ...ALL,
          pass_headers: [name],
        })
      ).status,
    ).toBe(400);
});
