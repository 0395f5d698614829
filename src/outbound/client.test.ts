import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import net, { type AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../base/secret.ts';
import {
  type Authority,
  issueCertificate,
  makeAuthority,
  type ServerCertificate,
} from '../doubles/certificates.ts';
import { createOutbound, type OutboundClient, type OutboundOptions } from './client.ts';
import type { Network } from './dial.ts';
import { systemNetwork } from './dial.ts';
import { parseOrigin } from './origin.ts';
import { checkAuthority, parseFingerprint, type Trust } from './trust.ts';

const NOW = Date.now();
const DAY = 86_400_000;
let authority: Authority;
let good: ServerCertificate;
const open: { close(): unknown }[] = [];

beforeAll(async () => {
  authority = await makeAuthority('CN=Test Authority', new Date(NOW));
  good = await issueCertificate(authority, {
    subject: 'CN=localhost',
    dnsNames: ['localhost'],
    addresses: ['127.0.0.1'],
    notBefore: new Date(NOW - DAY),
    notAfter: new Date(NOW + DAY),
  });
});
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});
afterAll(() => expect(open).toEqual([]));

async function listen(server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({ close: () => server.close() });
  return (server.address() as AddressInfo).port;
}

const tlsServer = (handler: RequestListener, certificate = good): Promise<number> => {
  const server = createTlsServer({ cert: certificate.certPem, key: certificate.keyPem }, handler);
  server.on('tlsClientError', () => {});
  return listen(server);
};

function client(url: string, trust: Trust, more: Partial<OutboundOptions> = {}): OutboundClient {
  const origin = parseOrigin(url);
  if (!origin.ok) throw new Error(origin.error.message);
  const made = createOutbound({ origin: origin.value, trust, ...more });
  open.push(made);
  return made;
}

const byAuthority = (): Trust => ({ mode: 'ca', pem: authority.pem });

async function fails(made: OutboundClient, path = '/') {
  const result = await made.request({ method: 'GET', path });
  if (result.ok) throw new Error(`expected a failure, got ${result.value.status}`);
  return result.error;
}

async function answers(made: OutboundClient, path = '/') {
  const result = await made.request({ method: 'GET', path });
  if (!result.ok) throw new Error(`${result.error.code}: ${JSON.stringify(result.error.evidence)}`);
  return result.value;
}

describe('an answer', () => {
  test('brings status, reason phrase, raw headers and body as the server sent them', async () => {
    const port = await tlsServer((_request, response) => {
      response.writeHead(596, 'error:0A000086: certificate "x" failed', [
        ['X-Twice', '1'],
        ['x-twice', '2'],
      ] as never);
      response.end('body');
    });
    const answer = await answers(client(`https://localhost:${port}`, byAuthority()));
    expect(answer.status).toBe(596);
    expect(answer.reason).toBe('error:0A000086: certificate "x" failed');
    expect(answer.rawHeaders.slice(0, 4)).toEqual(['X-Twice', '1', 'x-twice', '2']);
    expect(answer.headers['x-twice']).toBe('1, 2');
    expect(answer.body.toString()).toBe('body');
  });

  test('that redirects is handed back and never followed', async () => {
    const seen: string[] = [];
    const port = await tlsServer((request, response) => {
      seen.push(String(request.url));
      response.writeHead(302, { Location: '/elsewhere' }).end();
    });
    expect((await answers(client(`https://localhost:${port}`, byAuthority()), '/a')).status).toBe(302);
    expect(seen).toEqual(['/a']);
  });

  test('is asked for below the base path, with the registered host, and with a length on every write', async () => {
    const seen: unknown[] = [];
    const port = await tlsServer((request, response) => {
      const { host, authorization } = request.headers;
      seen.push([request.method, request.url, host, request.headers['content-length'], authorization]);
      expect(request.headers['transfer-encoding']).toBeUndefined();
      response.end();
    });
    const made = client(`https://localhost:${port}/base/`, byAuthority());
    await made.request({ method: 'POST', path: '/x', headers: { Authorization: new Secret('Bearer s') } });
    await made.request({ method: 'POST', path: '/x', body: 'äb' });
    await made.request({ method: 'DELETE', path: '/x?y=%2F' });
    const stream = { stream: Readable.from(['ab', 'cd']), lengthBytes: 4 };
    const streamed = await made.open({ method: 'PUT', path: '/x', body: stream });
    expect(streamed.ok && (await text(streamed.value.body))).toBe('');
    const host = `localhost:${port}`;
    expect(seen).toEqual([
      ['POST', '/base/x', host, '0', 'Bearer s'],
      ['POST', '/base/x', host, '3', undefined],
      ['DELETE', '/base/x?y=%2F', host, undefined, undefined],
      ['PUT', '/base/x', host, '4', undefined],
    ]);
  });

  test('that is too large, too long in its headers, no HTTP or cut short is a failure of bounded size', async () => {
    const port = await tlsServer((request, response) => {
      if (request.url === '/large') response.end(Buffer.alloc(300_000));
      if (request.url === '/headers') response.writeHead(200, { 'X-Long': 'x'.repeat(100_000) }).end();
      if (request.url === '/cut') {
        response.writeHead(200, { 'Content-Length': '10' });
        response.write('abc', () => response.socket?.destroy());
      }
      if (request.url === '/garbage') response.socket?.end('what is this?\r\n\r\n');
    });
    const made = client(`https://localhost:${port}`, byAuthority(), { limits: { maxBodyBytes: 100_000 } });
    expect((await fails(made, '/large')).code).toBe('body_too_large');
    expect((await fails(made, '/headers')).code).toBe('headers_too_large');
    expect((await fails(made, '/cut')).code).toBe('connection_lost');
    expect((await fails(made, '/garbage')).code).toBe('malformed_response');
  });

  test('that never begins, or never ends, meets its own deadline', async () => {
    const port = await tlsServer((request, response) => {
      if (request.url === '/drip') {
        const timer = setInterval(() => response.write('.'), 20);
        response.on('close', () => clearInterval(timer));
      }
    });
    const made = client(`https://localhost:${port}`, byAuthority(), {
      deadlines: { firstByteMs: 800, totalMs: 2_000 },
    });
    expect((await fails(made, '/never')).code).toBe('first_byte_timeout');
    expect((await fails(made, '/drip')).code).toBe('total_timeout');
  });

  test('may be another protocol, when that was asked for', async () => {
    const server = createTlsServer({ cert: good.certPem, key: good.keyPem });
    server.on('upgrade', (_request, socket) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello');
    });
    const made = client(`https://localhost:${await listen(server)}`, byAuthority());
    const result = await made.upgrade({
      method: 'GET',
      path: '/ws',
      headers: { Connection: 'Upgrade', Upgrade: 'echo' },
    });
    if (!result.ok || !result.value.tunnel) throw new Error('no tunnel');
    expect(result.value.status).toBe(101);
    const { socket, head } = result.value.tunnel;
    expect(head.toString() + (await text(socket as unknown as Readable))).toBe('hello');
  });
});

describe('trust', () => {
  /** A server that tells whether any byte of a request reached it. */
  async function watched(certificate = good) {
    const requests: string[] = [];
    const port = await tlsServer((request, response) => {
      requests.push(String(request.headers.authorization));
      response.end('ok');
    }, certificate);
    return { port, requests };
  }

  test.each<[string, () => Trust]>([
    ['a system trust that does not know the authority', () => ({ mode: 'system' })],
    ['a pin of another certificate', () => ({ mode: 'pin', sha256: Array(32).fill('AB').join(':') })],
    [
      'a verification switched off until a moment that has passed',
      () => ({ mode: 'none', reason: 'x', untilSeconds: 1 }),
    ],
  ])('refuses before anything is sent: %s', async (_name, trust) => {
    const { port, requests } = await watched();
    const made = client(`https://localhost:${port}`, trust());
    const result = await made.request({
      method: 'GET',
      path: '/',
      headers: { Authorization: new Secret('canary') },
    });
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.error.stage).toBe('tls');
    expect(requests).toEqual([]);
  });

  test('by pin accepts exactly this certificate, also under a name it does not carry', async () => {
    const { port } = await watched();
    const pin = parseFingerprint(`sha256:${good.fingerprint.replaceAll(':', '').toLowerCase()}`);
    if (!pin.ok) throw new Error('pin');
    const network: Network = { ...systemNetwork, resolve: async () => ['127.0.0.1'] };
    const made = client(`https://other.localhost:${port}`, { mode: 'pin', sha256: pin.value }, { network });
    expect((await answers(made)).status).toBe(200);
  });

  test('by pin shows the old and the new fingerprint when the certificate changed', async () => {
    const { port } = await watched();
    const sha256 = Array(32).fill('AB').join(':');
    const error = await fails(client(`https://localhost:${port}`, { mode: 'pin', sha256 }));
    expect(error.code).toBe('pin_mismatch');
    expect(error.evidence).toMatchObject({ pinned: sha256, fingerprint: good.fingerprint });
  });

  test('switched off works until its end and not one second longer', async () => {
    const { port } = await watched();
    let now = 1000_000;
    const trust: Trust = { mode: 'none', reason: 'lab', untilSeconds: 1001 };
    const made = client(`https://localhost:${port}`, trust, { clock: () => now });
    expect((await answers(made)).status).toBe(200);
    made.close();
    now = 1001_000;
    expect((await fails(made)).code).toBe('trust_ended');
  });

  test('by authority tells a wrong name, an ended, a future and a foreign certificate apart', async () => {
    const make = (more: object, by: Authority | undefined = authority) =>
      issueCertificate(by, {
        subject: 'CN=x',
        dnsNames: ['localhost'],
        addresses: [],
        notBefore: new Date(NOW - DAY),
        notAfter: new Date(NOW + DAY),
        ...more,
      });
    const codes: string[] = [];
    const cases = [
      await make({ dnsNames: ['elsewhere'] }),
      await make({ notBefore: new Date(NOW - 3 * DAY), notAfter: new Date(NOW - DAY) }),
      await make({ notBefore: new Date(NOW + DAY / 2) }),
      await make({}, await makeAuthority('CN=Other', new Date(NOW))),
    ];
    for (const certificate of cases) {
      const { port } = await watched(certificate);
      codes.push((await fails(client(`https://localhost:${port}`, byAuthority()))).code);
    }
    expect(codes).toEqual(['tls_name', 'tls_expired', 'tls_not_yet_valid', 'tls_untrusted']);
  });

  test('by authority may look for a registered server name instead of the host', async () => {
    const certificate = await issueCertificate(authority, {
      subject: 'CN=x',
      dnsNames: ['pve1.example'],
      addresses: [],
      notBefore: new Date(NOW - DAY),
      notAfter: new Date(NOW + DAY),
    });
    const { port } = await watched(certificate);
    const trust: Trust = { mode: 'ca', pem: authority.pem, serverName: 'pve1.example' };
    expect((await answers(client(`https://127.0.0.1:${port}`, trust))).status).toBe(200);
  });

  test('refuses text that is no authority and fingerprints that are none', () => {
    expect(checkAuthority('nothing').ok).toBe(false);
    expect(checkAuthority('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----').ok).toBe(false);
    expect(checkAuthority(`text before\n${authority.pem}`).ok).toBe(true);
    expect(parseFingerprint('ab:cd').ok).toBe(false);
  });
});

describe('the way there', () => {
  const noTrust: Trust = { mode: 'system' };
  const failing = (code: string): Network => ({
    resolve: async () => {
      throw Object.assign(new Error(code), { code });
    },
    connect: () => {
      throw new Error('never reached');
    },
  });
  const socketFailing = (code: string): Network => ({
    resolve: async () => ['192.0.2.1', '2001:db8::1'],
    connect: () => {
      const socket = new Socket();
      if (code !== 'silence') setImmediate(() => socket.destroy(Object.assign(new Error(code), { code })));
      return socket;
    },
  });

  test.each([
    ['ENOTFOUND', 'dns_not_found'],
    ['EAI_AGAIN', 'dns_temporary'],
  ])('ends at the resolver with %s as %s', async (code, expected) => {
    const error = await fails(client('https://pve.example', noTrust, { network: failing(code) }));
    expect(error).toMatchObject({ stage: 'dns', code: expected });
  });

  test.each([
    ['ECONNREFUSED', 'refused'],
    ['EHOSTUNREACH', 'unreachable'],
    ['silence', 'connect_timeout'],
  ])('ends at the socket with %s as %s and names every address tried', async (code, expected) => {
    const made = client('https://pve.example', noTrust, {
      network: socketFailing(code),
      deadlines: { connectMs: 50 },
    });
    const error = await fails(made);
    expect(error).toMatchObject({ stage: 'tcp', code: expected });
    expect(error.evidence.tried).toContain('2001:db8::1');
  });

  test('never leads to loopback, link-local or metadata through a name, whatever the resolver says', async () => {
    const connect = (): Socket => {
      throw new Error('dialled');
    };
    for (const address of ['127.0.0.1', '::1', '169.254.169.254', '::ffff:127.0.0.1', 'fe80::1']) {
      const network: Network = { resolve: async () => [address], connect };
      const error = await fails(client('https://pve.example', noTrust, { network }));
      expect(error).toMatchObject({ stage: 'dns', code: 'address_forbidden' });
    }
  });

  test('dials the address that was judged: a name that changes its mind gains nothing', async () => {
    const dialled: string[] = [];
    let calls = 0;
    const network: Network = {
      resolve: async () => (calls++ === 0 ? ['192.0.2.1', '127.0.0.1'] : ['127.0.0.1']),
      connect: (address) => {
        dialled.push(address);
        const socket = new Socket();
        setImmediate(() => socket.destroy(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })));
        return socket;
      },
    };
    await fails(client('https://pve.example', noTrust, { network }));
    expect(dialled).toEqual(['192.0.2.1']);
  });

  test('uses the second address when the first does not answer', async () => {
    const port = await listen(createServer((_request, response) => response.end('ok')));
    const network: Network = {
      resolve: async () => ['127.0.0.2', '127.0.0.1'],
      connect: (address, at) => (address === '127.0.0.2' ? new Socket() : systemNetwork.connect(address, at)),
    };
    const made = client(`http://name.localhost:${port}`, noTrust, { network });
    expect((await answers(made)).body.toString()).toBe('ok');
  });

  test('tells a server without TLS and one that cuts the handshake apart', async () => {
    const plain = await listen(createServer((_request, response) => response.end()));
    const cutting = await listen(net.createServer((socket) => socket.resetAndDestroy()));
    expect((await fails(client(`https://localhost:${plain}`, noTrust))).code).toBe('not_tls');
    // The reset may overtake the end of connecting.
    const cut = await fails(client(`https://localhost:${cutting}`, noTrust));
    expect(['reset', 'tls_reset']).toContain(cut.code);
    expect(cut.evidence.errno).toBe('ECONNRESET');
  });
});
