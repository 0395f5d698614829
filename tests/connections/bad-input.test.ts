import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { readSettings } from '../../src/config/settings.ts';
import { keyText } from '../../src/crypto/keyring.ts';
import { backupCreate } from '../../src/offline.ts';
import { ENGINES } from '../support/database.ts';
import { bench, closeAll, foreman, later, pinned, proxmox, proxmoxAs, proxmoxAsPve } from './support.ts';

afterEach(closeAll);

/** A server that does with each connection what it is told. */
async function odd(speak: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  let closing = false;
  const server: Server = createServer((socket) => {
    if (closing) return void socket.destroy();
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    speak(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  later({
    close: () => {
      closing = true;
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

/** Writes the same piece for as long as somebody reads, at their pace. */
function forever(socket: Socket, piece: string, pauseMs = 0): void {
  const next = (): void => {
    if (socket.destroyed) return;
    const timer = (): void => void setTimeout(next, pauseMs);
    if (socket.write(piece)) timer();
    else socket.once('drain', timer);
  };
  next();
}

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
const HOSTILE: Record<string, (socket: Socket) => void> = {
  'answers a page': (socket) =>
    socket.once('data', () =>
      socket.end('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>'),
    ),
  'answers garbage': (socket) => void socket.once('data', () => socket.end('\u0000\u0001garbage\r\n\r\n')),
  'answers JSON of another kind': (socket) =>
    socket.once('data', () => socket.end(`${HEAD}Content-Length: 15\r\n\r\n[[[null,1e999]]`)),
  'never answers': () => {},
  'answers byte by byte': (socket) =>
    void socket.once('data', () => {
      socket.write(`${HEAD}Content-Length: 1000000\r\n\r\n`);
      forever(socket, 'x', 50);
    }),
  'sends headers without end': (socket) =>
    void socket.once('data', () => {
      socket.write(HEAD);
      forever(socket, `X-Pad: ${'y'.repeat(4000)}\r\n`);
    }),
  'sends a body without end': (socket) =>
    void socket.once('data', () => {
      socket.write(`${HEAD}\r\n`);
      forever(socket, 'z'.repeat(65_536));
    }),
  'cuts at once': (socket) => void socket.destroy(),
};

const CREDENTIALS = {
  proxmox: { user: 'root@pam', name: 'api', secret: '0f0f0f0f-1111-4222-8333-abcdefabcdef' },
  foreman: { user: 'svc', secret: 'canaryCanaryCanaryCanA' },
  osmo: { secret: 'canary-osmo-token-000001' },
  gafaelfawr: { secret: 'gt-AAAAAAAAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBBBB' },
  http: { method: 'bearer', secret: 'canary-http-token-000001' },
} as const;

describe('systems that misbehave', () => {
  test.each(Object.entries(HOSTILE))(
    'one that %s is a finding for every kind, in bounded time and memory',
    async (what, speak) => {
      const server = await bench({ environment: { TESSERA_CONNECTION_TIMEOUT: '1s' } });
      const url = await odd(speak);
      const before = process.memoryUsage().rss;
      await Promise.all(
        Object.entries(CREDENTIALS).map(async ([kind, credential]) => {
          // Without a path of its own, plain HTTP asks nothing that could be answered wrongly.
          const expectations = kind === 'http' ? { expect: { path: '/health' } } : {};
          const answer = await server.api('POST', '/connections/test', {
            kind,
            url,
            credential,
            ...expectations,
          });
          expect(answer.status, answer.text).toBe(200);
          // To plain HTTP any answer of 200 is a good one.
          if (kind !== 'http' || (!what.startsWith('answers a page') && !what.startsWith('answers JSON'))) {
            expect(answer.json.ok, `${kind}: ${answer.text}`).toBe(false);
            expect(answer.json.findings.length).toBeGreaterThan(0);
          }
          expect(answer.text).not.toContain(credential.secret);
        }),
      );
      expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
      expect((await server.api('GET', '/connections')).json.items).toEqual([]);
    },
    60_000,
  );
});

describe('input that does not fit', () => {
  test('is refused with the field named, repeats no secret, and stores nothing', async () => {
    const server = await bench();
    const good = {
      name: 'a',
      kind: 'foreman',
      url: 'https://foreman.example',
      credential: { user: 'svc', secret: 'canaryCanaryCanaryCanA' },
      test: false,
    };
    const cases: [string, object][] = [
      ['url', { ...good, url: 'https://' }],
      ['url', { ...good, url: 'foreman.example' }],
      ['url', { ...good, url: 'gopher://foreman.example' }],
      ['url', { ...good, url: 'https://svc:canary-url-password@foreman.example' }],
      ['url', { ...good, url: 'https://foreman.example/?token=canary-query' }],
      ['url', { ...good, url: 'https://foreman.example/#x' }],
      ['url', { ...good, url: 'https://foreman.example\r\nHost: evil' }],
      ['url', { ...good, url: `https://${'a'.repeat(260)}.example` }],
      ['url', { ...good, url: 'https://foreman.example:99999' }],
      ['token', { ...good, credential: { user: 'svc', secret: 'canary\r\nX-Evil: 1' } }],
      ['token', { ...good, credential: { user: 'svc', secret: 'canary\u0000rest' } }],
      ['token', { ...good, credential: { user: 'svc', secret: '' } }],
      ['username', { ...good, credential: { user: 's\nvc', secret: 'canaryCanaryCanaryCanA' } }],
      ['name', { ...good, name: 'n'.repeat(81) }],
      ['name', { ...good, name: ' ' }],
      ['name', { ...good, name: 'a\u202eb' }],
      ['name', { ...good, name: '3f2b0c1e-8a54-4f0e-9b6e-0a1b2c3d4e5f' }],
      ['kind', { ...good, kind: 'vsphere' }],
      ['body', { ...good, unknown: true }],
      [
        'fallback',
        {
          ...good,
          kind: 'http',
          credential: { method: 'bearer', secret: 'x'.repeat(20) },
          fallback: { password: 'canary-p' },
        },
      ],
    ];
    for (const [field, body] of cases) {
      const answer = await server.api('POST', '/connections', body);
      expect(answer.status, `${JSON.stringify(body)} ${answer.text}`).toBe(400);
      expect(JSON.stringify(answer.json.errors), answer.text).toContain(field);
      expect(answer.text).not.toMatch(/canary/i);
    }
    const large = await server.api('POST', '/connections', { ...good, padding: 'p'.repeat(70_000) });
    expect(large.status).toBe(413);
    expect((await server.api('GET', '/connections')).json.items).toEqual([]);

    // A secret that begins with a hyphen is one like any other.
    const hyphen = await server.api('POST', '/connections', {
      ...good,
      credential: { user: 'svc', secret: '-anaryCanaryCanaryCanA' },
    });
    expect(hyphen.status, hyphen.text).toBe(201);
    const taken = await server.api('POST', '/connections', good);
    expect([taken.status, taken.json.code]).toEqual([409, 'name_taken']);
    expect((await server.api('GET', '/connections/unknown')).status).toBe(404);
    expect((await server.api('POST', '/connections/unknown/test')).status).toBe(404);
    expect((await server.api('POST', '/events/999/acknowledge')).status).toBe(404);
  });
});

describe.each(ENGINES)('secrets on %s', (engine) => {
  test('planted in every field turn up in no answer, log, audit row, backup or file of the database', async () => {
    const [server, pve, fore] = [await bench({ engine }), await proxmox(), await foreman()];
    const root = pve.credentials.root;
    const planted = {
      token: pve.credentials.flowToken.secret,
      password: pve.credentials.maker.password,
      root: `${root.password}`,
      foreman: fore.credentials.adminToken.token,
      wrong: 'canary-wrong-password-1',
      probe: 'canary-probe-password-2',
      http: 'canary-http-bearer-3',
    };
    const answers: string[] = [];
    const api = async (method: string, path: string, body?: unknown) => {
      const answer = await server.api(method, path, body);
      answers.push(answer.text);
      return answer;
    };
    await api('POST', '/connections', {
      ...proxmoxAsPve(pve),
      fallback: { password: planted.password, enabled: true },
    });
    await api('POST', '/connections', {
      name: 'foreman',
      kind: 'foreman',
      url: fore.url,
      trust: pinned(fore),
      credential: { secret: fore.credentials.adminToken.pair },
    });
    await api('POST', '/connections', {
      ...proxmoxAs('wrong', pve),
      credential: { method: 'password', user: 'root@pam', secret: planted.wrong },
      test: false,
    });
    await api('POST', '/connections/wrong/test');
    await api('POST', '/connections', {
      name: 'http',
      kind: 'http',
      url: pve.url,
      trust: pinned(pve),
      credential: { method: 'bearer', secret: planted.http },
      test: false,
    });
    await api('POST', '/connections/http/test');
    await api('POST', '/connections/pve/test', {
      probe_password: planted.probe,
      expect: { task: 'clone-vm' },
    });
    await api('POST', '/connections/make-credential', {
      connection: 'pve',
      admin: { method: 'password', user: root.user, secret: planted.root },
      wish: { name: 'made', task: 'inventory' },
      store_as: 'made',
    });
    await api('POST', '/connections/made/rotate', {
      admin: { method: 'password', user: root.user, secret: planted.root },
    });
    // Typed where it does not belong.
    await api('POST', '/connections', {
      name: 'x',
      kind: 'proxmox',
      url: `https://a:${planted.wrong}@h`,
      credential: {},
    });
    await api('PATCH', '/connections/pve', { credential: { secret: `${planted.probe}\n` } });
    for (const path of [
      '/connections',
      '/connections/pve',
      '/doctor',
      '/events?state=all',
      '/audit',
      '/connections/foreman/upstream-tokens',
    ])
      await api('GET', path);
    answers.push((await server.call('GET', '/metrics')).text);
    answers.push((await server.call('GET', '/api/foreman/configs', { token: server.admin })).text);

    const { database } = server;
    const settings = readSettings(
      { dataDir: database.folder },
      {
        TESSERA_MASTER_KEY: keyText(new Uint8Array(32).fill(7)),
        ...(database.url === null ? {} : { TESSERA_DATABASE_URL: database.url }),
      },
    );
    if (!settings.ok) throw new Error('settings');
    const file = join(database.folder, 'copy.jsonl');
    const made = await backupCreate(settings.value, file);
    expect(made.ok).toBe(true);
    // Every file of the data folder: the database with its log, the anchor, the backup.
    const files = await readdir(database.folder);
    const stored = await Promise.all(files.map((name) => readFile(join(database.folder, name), 'latin1')));
    const everywhere = {
      answers: answers.join('\n'),
      log: server.logged.join('\n'),
      files: stored.join('\n'),
    };
    for (const [what, text] of Object.entries(everywhere)) {
      expect(text.length, what).toBeGreaterThan(100);
      for (const [name, secret] of Object.entries(planted)) {
        expect(text.includes(secret), `${name} in ${what}`).toBe(false);
        expect(
          text.includes(Buffer.from(secret).toString('base64').replace(/=+$/, '')),
          `${name} in ${what}`,
        ).toBe(false);
      }
    }
    const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    for (const secret of [planted.token, planted.wrong, planted.foreman])
      expect(processes).not.toContain(secret);
  });
});
