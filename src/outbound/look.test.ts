import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { issueCertificate, makeAuthority } from '../doubles/certificates.ts';
import { createOutbound } from './client.ts';
import { parseOrigin } from './origin.ts';
import type { Trust } from './trust.ts';

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

async function lookAt(server: net.Server, scheme = 'https', trust: Trust = { mode: 'system' }) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = parseOrigin(`${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`);
  if (!origin.ok) throw new Error('origin');
  const client = createOutbound({ origin: origin.value, trust, deadlines: { firstByteMs: 300 } });
  open.push(server, client);
  return client.look;
}

async function certificate(subject: string, by = 'CN=Cluster Manager CA, O=Test Cluster') {
  const now = Date.now();
  const authority = await makeAuthority(by, new Date(now));
  const leaf = await issueCertificate(authority, {
    subject,
    dnsNames: ['pve1', 'pve1.lan'],
    addresses: ['127.0.0.1'],
    notBefore: new Date(now - 1000),
    notAfter: new Date(now + 86_400_000),
  });
  return { authority, leaf };
}

describe('looking at a certificate', () => {
  test('shows the chain, names, dates and fingerprint with no byte sent, and says what trust would say', async () => {
    const { leaf, authority } = await certificate('CN=pve1');
    const requests: string[] = [];
    const server = createTlsServer({ cert: leaf.certPem, key: leaf.keyPem }, (request) => {
      requests.push(String(request.url));
    });
    const look = await lookAt(server);
    const seen = await look.certificate();
    if (!seen.ok) throw new Error(seen.error.code);
    const [shown] = seen.value.peer.chain;
    expect(shown).toMatchObject({
      fingerprint: leaf.fingerprint,
      subject: 'CN=pve1',
      issuer: 'CN=Cluster Manager CA, O=Test Cluster',
      issuerOrganisation: 'Test Cluster',
      names: ['127.0.0.1', 'pve1', 'pve1.lan'],
      selfSigned: false,
      issuerPublished: false,
    });
    expect(shown?.notAfterSeconds).toBe(Math.floor(leaf.notAfter.getTime() / 1000));
    expect(shown?.pem.replaceAll('\n', '')).toBe(leaf.certPem.replaceAll('\n', ''));
    expect(seen.value.peer.verifyError).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    expect(seen.value.refusal?.code).toBe('tls_untrusted');
    expect(requests).toEqual([]);

    const trusting = await lookAt(createTlsServer({ cert: leaf.certPem, key: leaf.keyPem }), 'https', {
      mode: 'ca',
      pem: authority.pem,
    });
    const trusted = await trusting.certificate();
    expect(trusted.ok && trusted.value.refusal).toBeUndefined();
  });

  test('finds out which old version a server still speaks', async () => {
    const { leaf } = await certificate('CN=old');
    const server = createTlsServer({
      cert: leaf.certPem,
      key: leaf.keyPem,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    server.on('tlsClientError', () => {});
    const look = await lookAt(server);
    const modern = await look.certificate();
    expect(modern.ok).toBe(false);
    if (!modern.ok) expect(modern.error.code).toBe('tls_version');
    const old = await look.certificate({ only: 'TLSv1.1' });
    expect(old.ok && old.value.peer.protocol).toBe('TLSv1.1');
  });
});

describe('looking at a port', () => {
  test('reads the banner of a server that speaks first', async () => {
    const look = await lookAt(net.createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')));
    expect(await look.banner()).toEqual({ ok: true, value: 'SSH-2.0-OpenSSH_9.2\r\n' });
  });

  test('asks in clear when nobody speaks, and reads the head of the answer', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(301, { Location: 'https://x' }).end();
    });
    const banner = await (await lookAt(server)).banner(50);
    expect(banner.ok && banner.value).toContain('HTTP/1.1 301');
  });

  test('comes back empty from a server that stays silent or hangs up', async () => {
    const silent = await lookAt(net.createServer(() => {}));
    expect(await silent.banner(20)).toEqual({ ok: true, value: '' });
    const hanging = await lookAt(net.createServer((socket) => socket.end()));
    expect(await hanging.banner(20)).toEqual({ ok: true, value: '' });
  });

  test('tells an open port from a closed one', async () => {
    const server = net.createServer(() => {});
    const look = await lookAt(server);
    expect(await look.reach('127.0.0.1')).toEqual({ ok: true, value: true });
    await new Promise((resolve) => server.close(resolve));
    const closed = await look.reach('127.0.0.1');
    expect(closed.ok).toBe(false);
    if (!closed.ok) expect(closed.error.code).toBe('refused');
    const inward = await look.reach('169.254.169.254', 80);
    expect(inward.ok ? '' : inward.error.code).toBe('address_forbidden');
  });
});

describe('asking anonymously', () => {
  test('works without trust and carries no header of the caller', async () => {
    const { leaf } = await certificate('CN=x');
    const seen: (string | undefined)[] = [];
    const server = createTlsServer({ cert: leaf.certPem, key: leaf.keyPem }, (request, response) => {
      seen.push(request.headers.authorization, request.headers.cookie);
      response.writeHead(401, 'No ticket').end();
    });
    const look = await lookAt(server);
    const answer = await look.anonymous('/api2/json/access/domains');
    expect(answer.ok && answer.value.reason).toBe('No ticket');
    expect(seen).toEqual([undefined, undefined]);
    expect((await look.anonymous('/../x')).ok).toBe(false);
  });
});
