import { createServer as createTlsServer } from 'node:https';
import net, { type AddressInfo, Socket } from 'node:net';
import { Secret } from '../../src/base/secret.ts';
import { issueCertificate, makeAuthority } from '../../src/doubles/certificates.ts';
import { startForemanDouble } from '../../src/doubles/foreman/double.ts';
import type { ForemanFault } from '../../src/doubles/foreman/faults.ts';
import type { ProxmoxFault } from '../../src/doubles/proxmox/faults.ts';
import type { Finding } from '../../src/kinds/finding.ts';
import { testForeman } from '../../src/kinds/foreman/diagnose.ts';
import { readProxmoxCredential } from '../../src/kinds/proxmox/credential.ts';
import { testProxmox } from '../../src/kinds/proxmox/diagnose.ts';
import { readHost } from '../../src/kinds/proxmox/host.ts';
import { lintGuestName, lintMethod, lintSettings } from '../../src/kinds/proxmox/lint.ts';
import type { Surroundings } from '../../src/kinds/reach/surroundings.ts';
import { type Network, systemNetwork } from '../../src/outbound/dial.ts';
import { diagnose, FAULTS_OF_SERVER, flow } from './server-faults.ts';
import { LAB, later, outbound, proxmoxDouble, subjectOf, token } from './support.ts';

type Found = readonly Finding[];

const SECRET = '00000000-1111-2222-3333-444444444444';
const HOST = 'https://pve.lan:8006';

/** A socket that ends in the given way; `silence` never ends. */
function ending(errno: string): Socket {
  const socket = new Socket();
  if (errno !== 'silence')
    setImmediate(() => socket.destroy(Object.assign(new Error(errno), { code: errno })));
  return socket;
}

const failing = (code: string) => async (): Promise<string[]> => {
  throw Object.assign(new Error(code), { code });
};

/** A test over a network that is ours: no server is there unless `connect` leads to one. */
async function over(network: Partial<Network>, surroundings?: Surroundings, url = HOST): Promise<Found> {
  const client = outbound(
    url,
    { mode: 'system' },
    {
      network: {
        resolve: async () => ['192.0.2.10'],
        connect: () => ending('ECONNREFUSED'),
        ...network,
      },
      deadlines: { connectMs: 40, tlsMs: 200, firstByteMs: 200 },
    },
  );
  const credential = token(`root@pam!api=${SECRET}`);
  const report = await testProxmox({
    client,
    credential,
    clock: Date.now,
    ...(surroundings === undefined ? {} : { surroundings }),
  });
  return report.findings;
}

async function silentPort(): Promise<number> {
  const server = later(net.createServer((socket) => socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const typed = (input: { user: string; name: string; secret: string }): Found => {
  const read = readProxmoxCredential(input);
  return read.ok ? read.value.findings : [];
};

/** What arises on this side or between the two, and cannot be a switch of a server. */
const HERE: Readonly<Record<string, () => Promise<Found> | Found>> = {
  HOST_SHAPE: () => {
    const host = readHost(' https://pve.lan:8006/ ');
    return host.ok ? host.value.findings : [];
  },
  PLACEHOLDER: () => typed({ user: 'root@pam', name: 'api', secret: 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx' }),
  DNS_NOT_FOUND: () => over({ resolve: failing('ENOTFOUND') }),
  DNS_TEMPORARY: () => over({ resolve: failing('EAI_AGAIN') }),
  DNS_STALE: async () => {
    const port = await silentPort();
    const connect = (address: string) =>
      address === '192.0.2.99' ? systemNetwork.connect('127.0.0.1', port) : ending('silence');
    return over({ connect }, { knownAddress: '192.0.2.99' });
  },
  PORT_WRONG: async () => {
    const double = await proxmoxDouble();
    const connect = (_address: string, port: number) =>
      port === 8006 ? systemNetwork.connect('127.0.0.1', double.port) : ending('ECONNREFUSED');
    return over({ connect }, undefined, 'https://pve.lan:8007');
  },
  LISTEN_LOCAL: () => over({}, { listeners: async () => ['127.0.0.1'] }),
  TIMEOUT: () => over({ connect: () => ending('silence') }),
  UNREACHABLE: () => over({ connect: () => ending('EHOSTUNREACH') }),
  ONE_FAMILY: async () => {
    const double = await proxmoxDouble();
    const network: Network = {
      resolve: async () => ['::1', '127.0.0.1'],
      connect: (address, port) =>
        address === '::1' ? ending('ENETUNREACH') : systemNetwork.connect(address, port),
    };
    const client = outbound(`https://localhost:${double.port}`, { mode: 'ca', pem: double.ca }, { network });
    return (await testProxmox({ client, credential: flow(double), clock: Date.now, expect: LAB })).findings;
  },
  BANNED: async () => {
    const double = await proxmoxDouble({ faults: ['BANNED'] });
    const subject = subjectOf(double, token(`${double.credentials.flowToken.tokenid}=${SECRET}`));
    for (let count = 0; count < 3; count += 1) await testProxmox(subject);
    return (await testProxmox({ ...subject, surroundings: { recentRejections: 3 } })).findings;
  },
  TLS_CHAIN_GAP: async () => {
    const now = Date.now();
    const issuer = await makeAuthority("C=US, O=Let's Encrypt, CN=R11", new Date(now));
    const { certPem, keyPem } = await issueCertificate(issuer, {
      subject: 'CN=pve',
      dnsNames: [],
      addresses: ['127.0.0.1'],
      notBefore: new Date(now - 1000),
      notAfter: new Date(now + 86_400_000),
    });
    const server = later(createTlsServer({ cert: certPem, key: keyPem }));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return over(systemNetwork, undefined, `https://127.0.0.1:${(server.address() as AddressInfo).port}`);
  },
  PROXY_NEEDED: () =>
    over(
      { connect: () => ending('silence') },
      { proxy: { address: 'http://user:pw@proxy.lan:3128', exceptions: 'localhost' } },
    ),
  NAME_BAD: () => lintGuestName('web server!'),
  TOKEN_ID_SHAPE: () => typed({ user: 'root', name: 'api', secret: SECRET }),
  SECRET_SHAPE: () => typed({ user: 'root@pam', name: 'api', secret: SECRET.slice(0, -4) }),
  ENV_PARSE: () =>
    lintSettings([
      { key: 'PROXMOX_PASSWORD', raw: 'p#ss word # x', read: 'p#ss word', line: 3, secret: true },
    ]),
  FALLBACK_MYTH: async () => {
    const double = await proxmoxDouble({ faults: ['SECRET_WRONG'], release: '8.2' });
    const report = await testProxmox({
      ...subjectOf(double, flow(double)),
      expect: { passwordBeside: true },
    });
    // The refusal itself is a row of its own.
    return report.findings.filter((finding) => finding.code !== 'SECRET_WRONG');
  },
  METHOD_SURPRISE: () =>
    lintMethod({ tokenId: '', tokenSecret: 's', password: 'p', tokenField: 'PROXMOX_TOKEN_NAME' }),
};

/** Faults of Foreman with a code of its own; the others are called as for every system. */
const OF_FOREMAN: Readonly<Record<string, ForemanFault>> = {
  FOREMAN_REDIRECT: 'REDIRECTED',
  FOREMAN_NOT_FOREMAN: 'HTML_BODY',
  FOREMAN_MAINTENANCE: 'MIGRATION_PENDING',
  FOREMAN_LOGIN_REFUSED: 'TOKEN_REFUSED',
  FOREMAN_LOCKOUT: 'LOCKED_OUT',
  FOREMAN_AUTH_STRIPPED: 'AUTH_STRIPPED',
  FOREMAN_DIRECTORY: 'LDAP_DOWN',
  FOREMAN_PERMISSION: 'PERMISSION_MISSING',
  FOREMAN_NOTHING_VISIBLE: 'EMPTY_SCOPE',
};

async function provokeForeman(fault: ForemanFault): Promise<Found> {
  const double = later(await startForemanDouble({ faults: [fault] }));
  const { login, token: secret } = double.credentials.inventoryToken;
  const credential = { method: 'basic', identity: login, secret: new Secret(secret) } as const;
  const { findings } = await testForeman(subjectOf(double, credential));
  if (JSON.stringify(findings).includes(secret)) throw new Error(`A finding of ${fault} holds a secret.`);
  return findings;
}

export const provokable: readonly string[] = [
  ...new Set([HERE, FAULTS_OF_SERVER, OF_FOREMAN].flatMap((each) => Object.keys(each))),
];

/** Brings the fault about, over real sockets wherever a server takes part, and gives all that is found. */
export async function provoke(code: string): Promise<Found> {
  const ofForeman = OF_FOREMAN[code];
  if (ofForeman !== undefined) return provokeForeman(ofForeman);
  return HERE[code]?.() ?? provokeServer(code as ProxmoxFault);
}

/** Switches the fault of the cluster on and meets it. */
export async function provokeServer(code: ProxmoxFault): Promise<Found> {
  const row = FAULTS_OF_SERVER[code];
  if (row === undefined) throw new Error(`Nobody knows how to bring ${code} about.`);
  const double = await proxmoxDouble({ ...row.options, faults: [code] });
  const found = row.work === undefined ? (await diagnose(double, row)).findings : [await row.work(double)];
  for (const each of Object.values(double.credentials)) {
    const secret = 'secret' in each ? each.secret : each.password;
    if (JSON.stringify(found).includes(secret)) throw new Error(`A finding of ${code} holds a secret.`);
  }
  return found;
}
