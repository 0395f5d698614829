import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  ALL,
  broker,
  closeAll,
  connectHttp,
  everyWay,
  pinned,
  plainAnswer,
  portOf,
  proxmox,
  raw,
  upstream,
} from './support.ts';

type Broker = Awaited<ReturnType<typeof broker>>;
let server: Broker;
let token: string;

beforeEach(async () => {
  server = await broker();
  token = (await server.token('write:sasquatch')).token;
});
afterEach(closeAll);

const send = (text: string): Promise<string> => raw(portOf(server.url), text.replaceAll('TOKEN', token));

test('no spelling of an address leads anywhere but to the registered origin', async () => {
  const up = await upstream();
  const trap = await upstream(plainAnswer('trapped'));
  const trapped = `127.0.0.1:${trap.port}`;
  const ways = await everyWay(server, up.url, token);
  const targets = [
    `/http://${trapped}/`,
    `//${trapped}/`,
    `///${trapped}/`,
    `/\\\\${trapped}\\`,
    `\\\\${trapped}\\`,
    `/@${trapped}/`,
    `@${trapped}/`,
    `:80@${trapped}/`,
    `.${trapped}/`,
    `http://${trapped}/`,
    `http:${trapped}/`,
    `HTTP://user:pass@${trapped}/`,
    `https://${trapped}/`,
    `/%2f%2f${trapped}/`,
    `/..%2f..%2f@${trapped}/`,
    `/?url=http://${trapped}/`,
    '/http://169.254.169.254/latest/meta-data/',
    '/http://0x7f000001/',
    '/http://2130706433/',
    '/http://[::ffff:127.0.0.1]/',
    `/x HTTP/1.1\r\nHost: ${trapped}\r\n\r\nGET /y`,
  ];
  await Promise.all(
    ways.flatMap((way) =>
      targets.flatMap((target) =>
        ['GET', 'POST'].map(async (method) => {
          // The target stands where the path of the route would go on, and in place of the whole.
          const below = way.start(method, target);
          const instead = below.replace(/^\S+ \S+/, () => `${method} ${target}`);
          for (const head of [below, instead])
            await raw(way.port, `${head}X-Forwarded-Host: ${trapped}\r\nForwarded: host=${trapped}\r\n\r\n`);
        }),
      ),
    ),
  );
  expect(trap.received).toEqual([]);
  const hosts = up.received.join('').match(/^Host: .*$/gm) ?? [];
  expect(hosts.length).toBeGreaterThan(0);
  for (const host of hosts) expect(host).toBe(`Host: 127.0.0.1:${up.port}`);
});

test('addresses that lead inwards are never dialled, however they are written, for a route or a connection', async () => {
  const trap = await upstream(plainAnswer('trapped'));
  const { port } = trap;
  for (const [at, host] of [
    '169.254.169.254',
    '169.254.169.254.',
    '0xa9fea9fe',
    '0xA9.0xFE.0xA9.0xFE',
    '0251.0376.0251.0376',
    '2852039166',
    '169.254.43518',
    '[::ffff:169.254.169.254]',
    '[::ffff:a9fe:a9fe]',
    '[0:0:0:0:0:ffff:a9fe:a9fe]',
    '[64:ff9b::a9fe:a9fe]',
    '[2002:a9fe:a9fe::]',
    '[fe80::1]',
    '[fd00:ec2::254]',
    '100.100.100.200',
    '168.63.129.16',
    '224.0.0.1',
    '255.255.255.255',
    // These reach whatever listens on this machine, though nobody registered it as such.
    '0',
    '0.0.0.0',
    '0x0',
    '[::]',
    '[::ffff:0.0.0.0]',
  ].entries()) {
    const url = `http://${host}:${port}`;
    const trust = { mode: 'system' };
    const straight = await server.api('POST', '/routes', { name: `m${at}`, to: url, ...ALL });
    const held = await server.api('POST', '/connections', {
      name: `c${at}`,
      kind: 'http',
      url,
      trust,
      credential: { method: 'bearer', secret: 'upstream-canary-secret' },
      test: false,
    });
    const over = await server.api('POST', '/routes', { name: `n${at}`, connection: `c${at}`, ...ALL });
    for (const [name, made] of [
      [`m${at}`, straight],
      [`n${at}`, over],
    ] as const) {
      // Some are one address in two spellings, and what could not be reached is left alone for a while.
      server.pass(10);
      // Refused when it is registered, or when it is dialled.
      if (made.status >= 400) {
        expect([host, made === over ? held.status : made.status]).toEqual([host, 400]);
        continue;
      }
      const answer = await server.call('GET', `/connect/${name}/latest/meta-data/`, { token });
      expect([host, answer.status, answer.json.code]).toEqual([host, 502, 'address_forbidden']);
    }
  }
  expect(trap.received).toEqual([]);
});

test('a redirect is handed to the caller and never followed, with or without the credential', async () => {
  const trap = await upstream(plainAnswer('trapped'));
  const up = await upstream(`HTTP/1.1 302 Found\r\nLocation: ${trap.url}/steal\r\nContent-Length: 0\r\n\r\n`);
  await connectHttp(server, 'http', up.url, 'upstream-canary-secret');
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
  await connectHttp(server, 'http', up.url, secret);
  await server.routeTo('h', 'http');
  const caller = await server.token('read:h');
  const whole = await server.call('GET', '/connect/h/whole', { token: caller.token });
  expect(whole.text).toBe(`you sent ${'*'.repeat(22)}, twice ${'*'.repeat(22)}`);
  expect(whole.headers.get('x-echo')).toBe(`Bearer ${'*'.repeat(22)}`);
  const pieces = await server.call('GET', '/connect/h/pieces', { token: caller.token });
  expect(pieces.text).toBe(`<${'*'.repeat(22)}>`);
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

test('a token in the address is no credential, and does not travel, in either spelling', async () => {
  const up = await upstream();
  const [, id = '', rest = ''] = token.split('-');
  const other = `gt-${id}.${rest.slice(0, 22)}`;
  for (const way of await everyWay(server, up.url, token))
    for (const method of ['GET', 'POST'])
      for (const path of [
        `/x?token=${token}`,
        `/x?access_token=${token}`,
        `/x?a=1&x=${token}`,
        `/x?token=${other}`,
        `/x?token=${other.replace('.', '%2E')}`,
        `/${token}/x`,
        `/auth/${other}/x`,
      ]) {
        const whole = way.start(method, path);
        for (const head of [whole, whole.replace(/Authorization: .*\r\n/, '')]) {
          const seen = await raw(way.port, `${head}Connection: close\r\n\r\n`);
          expect([way.name, path, seen.slice(0, 12)]).toEqual([way.name, path, 'HTTP/1.1 400']);
        }
        const plain = await raw(way.port, `${whole}\r\n`, 20);
        expect([way.name, path, plain.slice(0, 12)]).toEqual([way.name, path, 'HTTP/1.1 400']);
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

test('methods that are no calls reach nothing, and TRACE shows nobody the secret', async () => {
  const secret = 'upstream-canary-secret';
  const up = await upstream((request) => plainAnswer(request));
  await connectHttp(server, 'http', up.url, secret);
  for (const method of ['CONNECT', 'PRI', 'connect', 'G E T'])
    for (const target of ['/connect/h/x', `127.0.0.1:${up.port}`]) {
      const seen = await send(
        `${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1:${up.port}\r\nAuthorization: Bearer TOKEN\r\n\r\n`,
      );
      expect([method, seen]).toEqual([method, expect.stringMatching(/^(HTTP\/1\.1 4\d\d |$)/)]);
    }
  expect(up.received).toEqual([]);
  const ways = await everyWay(server, '', token, { to: undefined, connection: 'http' });
  for (const way of ways)
    for (const method of ['TRACE', 'GET', 'POST']) {
      const seen = await raw(way.port, `${way.start(method, '/x')}\r\n`);
      expect([way.name, method, seen]).toEqual([way.name, method, expect.stringMatching(/^HTTP\/1\.1 200/)]);
      expect(seen).toContain(`Authorization: Bearer ${'*'.repeat(secret.length)}`);
      expect(seen).not.toContain(secret);
    }
  expect(up.received.join('')).toContain(
    `TRACE /x HTTP/1.1\r\nHost: 127.0.0.1:${up.port}\r\nAuthorization: Bearer ${secret}`,
  );
});

test('a refused caller’s body is not read as a request, also where it waited to be told to send it', async () => {
  const up = await upstream();
  await server.route('r', up.url, ALL);
  const inside = 'GET /connect/r/inside HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer TOKEN\r\n\r\n'.replace(
    'TOKEN',
    token,
  );
  for (const more of ['', 'Expect: 100-continue\r\n'])
    for (const [framing, body] of [
      [`Content-Length: ${inside.length}`, inside],
      ['Transfer-Encoding: chunked', `${inside.length.toString(16)}\r\n${inside}\r\n0\r\n\r\n`],
    ]) {
      const seen = await send(`POST /connect/r/x HTTP/1.1\r\nHost: x\r\n${more}${framing}\r\n\r\n${body}`);
      expect([more, framing, seen.match(/HTTP\/1\.1 \d+/g)]).toEqual([more, framing, ['HTTP/1.1 401']]);
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
  for (const [pool, expect100] of [
    ['mine', ''],
    ['hers', 'Expect: 100-continue\r\n'],
  ] as const) {
    const seen = await raw(
      portOf(server.url),
      `POST /connect/lab/api2/json/pools HTTP/1.1\r\nHost: x\r\nAuthorization: PVEAPIToken=a@pve!b=${caller.token}\r\n${expect100}Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n7\r\npoolid=\r\n4\r\n${pool}\r\n0\r\n\r\n`,
      1000,
    );
    expect(seen.match(/HTTP\/1\.1 \d+/g)).toEqual([...(expect100 ? ['HTTP/1.1 100'] : []), 'HTTP/1.1 200']);
    const { headers, body } = pve.requests.at(-1) ?? { headers: {} as Record<string, string>, body: '' };
    expect([headers['content-length'], headers['transfer-encoding'], headers.expect, body]).toEqual([
      '11',
      undefined,
      undefined,
      `poolid=${pool}`,
    ]);
  }
});

test('headers of routing and identity cannot be let through even by an administrator', async () => {
  for (const name of [
    'Authorization',
    'Cookie',
    'X-Forwarded-User',
    'Remote-User',
    'Host',
    'PVEDisableProxy',
    // Our own token may come in it.
    'X-Osmo-Auth',
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
