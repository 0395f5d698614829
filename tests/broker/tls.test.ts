import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { afterEach, expect, test, vi } from 'vitest';
import { listenTls, openTls } from '../../src/http/tls.ts';
import { initTls } from '../../src/local/tls/folder.ts';
import { openDesk } from '../cli/harness.ts';
import { freePort } from '../support/free-port.ts';
import { tessera } from '../support/process.ts';
import { broker, closeAll, connectProxmox, later, plainAnswer, upstream } from './support.ts';

afterEach(closeAll);

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'tessera-tls-'));
  later({ close: () => rm(path, { recursive: true }) });
  return path;
}

const names = ['localhost', '127.0.0.1'];

function greet(
  port: number,
  ca: string,
): Promise<{ protocol: string | null; alpn: string | false | null; peer: PeerCertificate }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ca, ALPNProtocols: ['h2', 'http/1.1'] }, () => {
      resolve({
        protocol: socket.getProtocol(),
        alpn: socket.alpnProtocol,
        peer: socket.getPeerCertificate(),
      });
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('init makes an authority once and renews the certificate under it; keys are nobody else’s to read', async () => {
  const path = await folder();
  const first = await initTls(path, names, new Date());
  const authority = await readFile(first.files.authority, 'utf8');
  const old = new X509Certificate(await readFile(first.files.certificate));
  const again = await initTls(path, [...names, 'tessera.lab.example'], new Date());
  expect([first.newAuthority, again.newAuthority]).toEqual([true, false]);
  expect(await readFile(again.files.authority, 'utf8')).toBe(authority);
  const renewed = new X509Certificate(await readFile(again.files.certificate));
  expect(renewed.serialNumber).not.toBe(old.serialNumber);
  expect(renewed.checkIssued(new X509Certificate(authority))).toBe(true);
  expect(renewed.verify(new X509Certificate(authority).publicKey)).toBe(true);
  expect(renewed.checkHost('tessera.lab.example')).toBe('tessera.lab.example');
  expect(renewed.checkIP('127.0.0.1')).toBe('127.0.0.1');
  for (const key of [again.files.key, again.files.authorityKey])
    expect((await stat(key)).mode & 0o077).toBe(0);
});

test('a new certificate is taken without a restart, and one that cannot be used replaces nothing', async () => {
  const path = await folder();
  const { files } = await initTls(path, names, new Date());
  const ca = await readFile(files.authority, 'utf8');
  const events: (string | null)[] = [];
  const opened = openTls({
    certFile: files.certificate,
    keyFile: files.key,
    reloaded: (fault) => void events.push(fault?.code ?? null),
    pollMs: 20,
  });
  if (!opened.ok) throw new Error(opened.error.message);
  const server = listenTls(opened.value, (secured) => secured.end());
  later({
    close: () => {
      server.endAll();
      opened.value.close();
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const before = (await greet(port, ca)).peer.serialNumber;
  await initTls(path, names, new Date());
  while ((await greet(port, ca)).peer.serialNumber === before)
    await new Promise((resolve) => setTimeout(resolve, 20));
  const { writeFile } = await import('node:fs/promises');
  await writeFile(files.certificate, 'not a certificate');
  while (!events.includes('unavailable')) await new Promise((resolve) => setTimeout(resolve, 20));
  expect((await greet(port, ca)).protocol).toBe('TLSv1.3');
});

test('curl reaches Proxmox through a TLS port of the route’s own, trusting only the local authority', async () => {
  const path = await folder();
  const { files } = await initTls(path, names, new Date());
  const server = await broker({
    environment: { TESSERA_TLS_CERT_FILE: files.certificate, TESSERA_TLS_KEY_FILE: files.key },
  });
  const _pve = await connectProxmox(server);
  const port = await freePort();
  await server.routeTo('lab', 'pve-lab', { port });
  const { token } = await server.token('read:lab');
  const run = (more: readonly string[]): Promise<{ code: number; out: string }> =>
    new Promise((resolve) => {
      execFile(
        'curl',
        [
          '-sS',
          '-i',
          ...more,
          '-H',
          `Authorization: PVEAPIToken=any@pve!any=${token}`,
          `https://localhost:${port}/api2/json/version`,
        ],
        (error, stdout) => resolve({ code: Number(error?.code ?? 0), out: stdout }),
      );
    });
  const trusted = await run(['--cacert', files.authority, '--tlsv1.3']);
  expect(trusted.out).toMatch(/^HTTP\/1\.1 200 /);
  expect(trusted.out).toContain('"release"');
  expect((await run([])).code).toBe(60);
  expect((await greet(port, await readFile(files.authority, 'utf8'))).alpn).toBe('http/1.1');
});

test('on the one TLS port each virtual host leads to its route, and every other name to Tessera itself', async () => {
  const path = await folder();
  const hosts = ['pve.lab.example', 'metrics.lab.example'];
  const { files } = await initTls(path, [...names, ...hosts, 'tessera.lab.example'], new Date());
  const port = await freePort();
  const server = await broker({
    environment: {
      TESSERA_TLS_CERT_FILE: files.certificate,
      TESSERA_TLS_KEY_FILE: files.key,
      TESSERA_TLS_PORT: String(port),
    },
  });
  const { secureServer } = server.app;
  if (secureServer === null) throw new Error('there is no TLS port');
  await new Promise<void>((resolve) => secureServer.listen(port, '127.0.0.1', resolve));
  const rules = { presets: false, rules: [{ path: '/**', scopes: ['write:sasquatch'] }] };
  for (const host of hosts) {
    const up = await upstream(plainAnswer(`this is ${host}`));
    await server.route(host.split('.', 1)[0] ?? '', up.url, { ...rules, host, by_path: false });
  }
  const { token } = await server.token('write:sasquatch');
  const ca = await readFile(files.authority, 'utf8');
  const ask = (host: string): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const request = https.request(
        {
          host: '127.0.0.1',
          port,
          servername: host,
          ca,
          path: '/health',
          headers: { host: `${host}:${port}`, authorization: `Bearer ${token}` },
        },
        async (answer) => {
          let text = '';
          for await (const chunk of answer) text += String(chunk);
          resolve({ status: answer.statusCode ?? 0, text });
        },
      );
      request.on('error', reject);
      request.end();
    });
  for (const host of hosts) expect(await ask(host)).toEqual({ status: 200, text: `this is ${host}` });
  const own = await ask('tessera.lab.example');
  expect([own.status, own.text]).toEqual([200, expect.not.stringContaining('this is')]);
  await expect(ask('elsewhere.example')).rejects.toThrow(/altnames|certificate/i);
});

test('a route’s own port and its virtual host show a renewed certificate to who comes next, and cut nobody off', async () => {
  const path = await folder();
  const host = 'pve.lab.example';
  const { files } = await initTls(path, [...names, host], new Date());
  const ca = await readFile(files.authority, 'utf8');
  const [tlsPort, ownPort] = [await freePort(), await freePort()];
  const server = await broker({
    environment: {
      TESSERA_TLS_CERT_FILE: files.certificate,
      TESSERA_TLS_KEY_FILE: files.key,
      TESSERA_TLS_PORT: String(tlsPort),
    },
  });
  const { secureServer } = server.app;
  if (secureServer === null) throw new Error('there is no TLS port');
  await new Promise<void>((resolve) => secureServer.listen(tlsPort, '127.0.0.1', resolve));
  const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
  const up = await upstream((request) =>
    request.startsWith('GET /stream')
      ? `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('first ')}`
      : plainAnswer('served'),
  );
  await server.route('lab', up.url, {
    host,
    port: ownPort,
    presets: false,
    rules: [{ path: '/**', scopes: ['write:sasquatch'] }],
  });
  const { token } = await server.token('write:sasquatch');
  const ask = (port: number, where: string, heard: (text: string) => void = () => {}) =>
    new Promise<{ text: string; serial: string }>((resolve, reject) => {
      const headers = { host: `${host}:${port}`, authorization: `Bearer ${token}` };
      https
        .get(
          { host: '127.0.0.1', port, servername: host, ca, path: where, agent: false, headers },
          async (answer) => {
            const { serialNumber: serial } = (answer.socket as TLSSocket).getPeerCertificate();
            let text = '';
            for await (const piece of answer) {
              text += String(piece);
              heard(text);
            }
            resolve({ text, serial });
          },
        )
        .on('error', reject);
    });

  const old = await ask(ownPort, '/');
  let begun = 0;
  const streams = [ownPort, tlsPort].map((port) =>
    ask(port, '/stream', (text) => {
      if (text === 'first ') begun++;
    }),
  );
  await vi.waitFor(() => expect(begun).toBe(2));
  await initTls(path, [...names, host], new Date());
  const renewed = new X509Certificate(await readFile(files.certificate)).serialNumber;
  expect(renewed).not.toBe(old.serial);
  for (const port of [ownPort, tlsPort])
    await vi.waitFor(
      async () => expect(await ask(port, '/')).toEqual({ text: 'served', serial: renewed }),
      10_000,
    );
  for (const [at, socket] of up.sockets.entries())
    if (up.received[at]?.includes('GET /stream')) socket.write(`${chunk('last')}0\r\n\r\n`);
  for (const stream of await Promise.all(streams))
    expect(stream).toEqual({ text: 'first last', serial: old.serial });
});

test('the commands of the manual start a server that says where it speaks TLS, and curl trusts it as told', async () => {
  const path = await folder();
  const [port, tlsPort] = [await freePort(), await freePort()];
  const environment = { TESSERA_DATA_DIR: path, TESSERA_TLS_PORT: String(tlsPort) };
  const made = await tessera(['tls', 'init'], environment).finished;
  expect([made.code, made.stderr]).toEqual([
    0,
    expect.stringContaining('TESSERA_TLS_PORT=8443 tessera serve'),
  ]);
  const serving = tessera(['serve', '--port', String(port)], environment);
  later({ close: () => void serving.child.kill('SIGKILL') });
  await serving.says(`  https    https://127.0.0.1:${tlsPort}\n`);
  const told = await tessera(['tls', 'trust', '--for', 'curl'], environment).finished;
  const [, trusting = ''] = /(curl --cacert \S+) \.\.\./.exec(told.stdout) ?? [];
  const ask = (command: string): Promise<string> =>
    new Promise((resolve) => {
      execFile('sh', ['-c', `${command} -sS https://127.0.0.1:${tlsPort}/health`], (_error, stdout, stderr) =>
        resolve(stdout + stderr),
      );
    });
  expect(await ask(trusting)).toContain('"status"');
  expect(await ask('curl')).toContain('certificate');
  // Renewed under the same authority, it is served without a restart and trusted as before.
  const serial = async () =>
    (await greet(tlsPort, await readFile(join(path, 'tls', 'ca.pem'), 'utf8'))).peer.serialNumber;
  const before = await serial();
  const renewed = await tessera(['tls', 'init'], environment).finished;
  expect([renewed.code, renewed.stderr]).toEqual([0, 'A running server takes it within seconds.\n']);
  await vi.waitFor(async () => expect(await serial()).not.toBe(before), { timeout: 20_000 });
  expect(await ask(trusting)).toContain('"status"');
});

test('the command line makes certificates and says how to trust them', async () => {
  const desk = await openDesk();
  later({ close: () => desk.clear() });
  const path = await folder();
  const made = await desk.run(['tls', 'init', '--data-dir', path, '--name', 'tessera.lab.example']);
  expect([made.code, made.stdout]).toEqual([0, expect.stringContaining('tessera.lab.example')]);
  const trust = await desk.run(['tls', 'trust', '--data-dir', path]);
  for (const word of [
    'update-ca-certificates',
    'SSL_CERT_FILE',
    ':ssl_ca_file:',
    'verify_ssl=',
    '--cacert',
    join(path, 'tls', 'ca.pem'),
  ])
    expect(trust.stdout).toContain(word);
  expect((await desk.run(['tls', 'trust', '--for', 'curl', '--data-dir', path])).stdout).not.toContain(
    'hammer',
  );
});
