import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import net, { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { issueCertificate, makeAuthority } from '../../src/doubles/certificates.ts';
import type { Finding } from '../../src/kinds/finding.ts';
import { readProxmoxCredential } from '../../src/kinds/proxmox/credential.ts';
import { testProxmox } from '../../src/kinds/proxmox/diagnose.ts';
import { readHost } from '../../src/kinds/proxmox/host.ts';
import { lintMethod, lintSettings } from '../../src/kinds/proxmox/lint.ts';
import type { Surroundings } from '../../src/kinds/reach/surroundings.ts';
import { type Network, systemNetwork } from '../../src/outbound/dial.ts';
import { closeAll, LAB, later, outbound, proxmoxDouble, subjectOf, token } from './support.ts';

afterEach(closeAll);

const TOKEN = token('root@pam!api=00000000-1111-2222-3333-444444444444');

/** A socket that ends in the given way; `silence` never ends. */
function ending(errno: string): Socket {
  const socket = new Socket();
  if (errno !== 'silence')
    setImmediate(() => socket.destroy(Object.assign(new Error(errno), { code: errno })));
  return socket;
}

interface Case {
  readonly url?: string;
  readonly resolve?: Network['resolve'];
  readonly connect?: Network['connect'];
  readonly surroundings?: Surroundings;
}

async function codes(given: Case): Promise<string[]> {
  return (await found(given)).map((finding) => finding.code);
}

async function found(given: Case): Promise<readonly Finding[]> {
  const network: Network = {
    resolve: given.resolve ?? (async () => ['192.0.2.10']),
    connect: given.connect ?? (() => ending('ECONNREFUSED')),
  };
  const client = outbound(
    given.url ?? 'https://pve.lan:8006',
    { mode: 'system' },
    { network, deadlines: { connectMs: 40, tlsMs: 200, firstByteMs: 200 } },
  );
  const report = await testProxmox({
    client,
    credential: TOKEN,
    clock: Date.now,
    ...(given.surroundings === undefined ? {} : { surroundings: given.surroundings }),
  });
  return report.findings;
}

const failing = (code: string) => async (): Promise<string[]> => {
  throw Object.assign(new Error(code), { code });
};

describe('a fault on this side', () => {
  test('of the resolver is told from an unknown name', async () => {
    expect(await codes({ resolve: failing('ENOTFOUND') })).toEqual(['DNS_NOT_FOUND']);
    expect(await codes({ resolve: failing('EAI_AGAIN') })).toEqual(['DNS_TEMPORARY']);
  });

  test('of the record is found when the address that is known answers', async () => {
    const connect = (address: string) =>
      address === '192.0.2.99' ? systemNetwork.connect('127.0.0.1', openPort) : ending('silence');
    const openPort = await listening();
    const surroundings = { knownAddress: '192.0.2.99' };
    expect(await codes({ connect, surroundings })).toEqual(['DNS_STALE']);
  });

  test('of the way is silence, no route, or refusal, and each has its own code', async () => {
    expect(await codes({ connect: () => ending('silence') })).toEqual(['TIMEOUT']);
    expect(await codes({ connect: () => ending('EHOSTUNREACH') })).toEqual(['UNREACHABLE']);
    expect(await codes({ connect: () => ending('ENETUNREACH') })).toEqual(['UNREACHABLE']);
    expect(await codes({})).toEqual(['REFUSED']);
    expect(await codes({ connect: () => ending('ECONNRESET') })).toEqual(['ACL_CLOSED']);
  });

  test('is a name that leads inwards', async () => {
    expect(await codes({ resolve: async () => ['169.254.169.254'] })).toEqual(['ADDRESS_FORBIDDEN']);
  });

  test('of one address family is a warning, and the test goes on over the other', async () => {
    const double = await proxmoxDouble();
    const network: Network = {
      resolve: async () => ['::1', '127.0.0.1'],
      connect: (address, port) =>
        address === '::1' ? ending('ENETUNREACH') : systemNetwork.connect(address, port),
    };
    const client = outbound(`https://localhost:${double.port}`, { mode: 'ca', pem: double.ca }, { network });
    const report = await testProxmox({
      client,
      credential: token(double.credentials.flowToken.full),
      clock: Date.now,
      expect: LAB,
    });
    expect(report).toMatchObject({ verdict: 'warnings', findings: [{ code: 'ONE_FAMILY' }] });
  });

  test('of the port is found by the product that answers on its own', async () => {
    const double = await proxmoxDouble();
    const connect = (_address: string, port: number) =>
      port === 8006 ? systemNetwork.connect('127.0.0.1', double.port) : ending('ECONNREFUSED');
    expect(await codes({ url: 'https://pve.lan:8007', connect })).toEqual(['PORT_WRONG']);
  });

  test('of a service bound elsewhere on this very machine is read from the kernel, not dialled', async () => {
    const dialled: string[] = [];
    const connect = (address: string) => {
      dialled.push(address);
      return ending('ECONNREFUSED');
    };
    const surroundings = { listeners: async () => ['127.0.0.1'] };
    expect(await codes({ connect, surroundings })).toEqual(['LISTEN_LOCAL']);
    expect(dialled).not.toContain('127.0.0.1');
  });

  test('is a proxy that others use, unless the host is excepted', async () => {
    const connect = () => ending('silence');
    const proxy = { address: 'http://user:pw@proxy.lan:3128', exceptions: 'localhost' };
    expect(await codes({ connect, surroundings: { proxy } })).toEqual(['PROXY_NEEDED']);
    expect(await codes({ connect, surroundings: { proxy: { ...proxy, exceptions: '.lan' } } })).toEqual([
      'TIMEOUT',
    ]);
  });

  test.each(['http://user:pw@proxy.lan:3128', 'http://user:p@w/pw@proxy.lan:3128', 'user:pw@proxy.lan:3128'])(
    'names the proxy without its login: %s',
    async (address) => {
      const surroundings = { proxy: { address, exceptions: '' } };
      const said = JSON.stringify(await found({ connect: () => ending('silence'), surroundings }));
      expect(said).toContain('proxy.lan:3128');
      expect(said).not.toMatch(/user|pw/);
    },
  );

  test('is an unencrypted way to another machine, which is said before anything else is', async () => {
    const connect = () => systemNetwork.connect('127.0.0.1', port);
    const port = await listening();
    expect((await codes({ url: 'http://pve.lan:8006', connect }))[0]).toBe('CLEAR_TEXT');
  });

  test('in the settings is found without asking anybody', () => {
    const host = readHost(' https://pve.lan:8006/ ');
    expect(host.ok && host.value.findings.map((finding) => finding.code)).toEqual(['HOST_SHAPE']);
    const found = [
      ...(host.ok ? host.value.findings : []),
      ...lintSettings([
        { key: 'PROXMOX_PASSWORD', raw: 'p#ss word # x', read: 'p#ss word', line: 3, secret: true },
      ]),
      ...lintMethod({ tokenId: '', tokenSecret: 's', password: 'p', tokenField: 'PROXMOX_TOKEN_NAME' }),
      ...[
        { user: 'root', name: 'api', secret: '00000000-1111-2222-3333-444444444444' },
        { user: 'root@pam', name: 'api', secret: '00000000-1111-2222-3333-4444444' },
        { user: 'root@pam', name: 'api', secret: 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx' },
      ].flatMap((input) => {
        const read = readProxmoxCredential(input);
        return read.ok ? read.value.findings : [];
      }),
    ];
    expect(found.map((finding) => finding.code)).toEqual([
      'HOST_SHAPE',
      'ENV_PARSE',
      'METHOD_SURPRISE',
      'TOKEN_ID_SHAPE',
      'SECRET_SHAPE',
      'PLACEHOLDER',
    ]);
    for (const finding of found) expect(finding.probe).toBe('P0');
  });
});

async function listening(): Promise<number> {
  const server = later(net.createServer((socket) => socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('a clock', () => {
  test('of the server is blamed unless a third one says that ours is wrong', async () => {
    const double = await proxmoxDouble({ faults: ['CLOCK_SERVER'] });
    const run = async (referenceTime?: () => Promise<number>) => {
      const subject = subjectOf(double, token(double.credentials.flowToken.full));
      const report = await testProxmox({
        ...subject,
        surroundings: referenceTime === undefined ? {} : { referenceTime },
      });
      return report.findings.map((finding) => [finding.code, finding.severity]);
    };
    const here = Math.floor(Date.now() / 1000);
    expect(await run()).toEqual([['CLOCK_SERVER', 'warning']]);
    expect(await run(async () => here)).toEqual([['CLOCK_SERVER', 'warning']]);
    expect(await run(async () => here - 7200)).toEqual([['CLOCK_HERE', 'warning']]);
  });

  test('of this machine that runs ahead makes a good certificate look ended, and is named instead', async () => {
    const double = await proxmoxDouble();
    const ahead = () => Date.now() + 1000 * 86_400_000;
    const report = await testProxmox(
      subjectOf(double, token(double.credentials.flowToken.full), { clock: ahead }),
    );
    expect(report.findings.map((finding) => finding.code)).toEqual(['CLOCK_HERE']);
  });
});

describe('a certificate from elsewhere', () => {
  const now = Date.now();

  async function serve(subject: string, by: Awaited<ReturnType<typeof makeAuthority>>) {
    const leaf = await issueCertificate(by, {
      subject,
      dnsNames: [],
      addresses: ['127.0.0.1'],
      notBefore: new Date(now - 1000),
      notAfter: new Date(now + 86_400_000),
    });
    const server = later(createTlsServer({ cert: leaf.certPem, key: leaf.keyPem }));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function found(url: string, surroundings: Surroundings = {}): Promise<string[]> {
    const client = outbound(url, { mode: 'system' });
    const report = await testProxmox({ client, credential: TOKEN, clock: Date.now, surroundings });
    return report.findings.map((finding) => finding.code);
  }

  test('signed by a public issuer that was not sent is a gap in the chain', async () => {
    const url = await serve('CN=pve', await makeAuthority("C=US, O=Let's Encrypt, CN=R11", new Date(now)));
    expect(await found(url)).toEqual(['TLS_CHAIN_GAP']);
  });

  test('signed by a company is a private authority, unless the same issuer signs for other hosts too', async () => {
    const url = await serve('CN=pve', await makeAuthority('CN=Example Works CA', new Date(now)));
    expect(await found(url)).toEqual(['TLS_PRIVATE_CA']);
    expect(await found(url, { issuersElsewhere: ['CN=Example Works CA'] })).toEqual(['TLS_INTERCEPT']);
  });
});
