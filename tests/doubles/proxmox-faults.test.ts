import { once } from 'node:events';
import { connect } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import type { ProxmoxDouble, ProxmoxDoubleOptions } from '../../src/doubles/proxmox/double.ts';
import { clientSideOnly, type ProxmoxFault, proxmoxFaults } from '../../src/doubles/proxmox/faults.ts';
import { exchange, failureCode, type Host, open, type Seen, visit } from './client.ts';
import { asToken, finished, login, startQuick } from './proxmox-support.ts';

const started: ProxmoxDouble[] = [];

/** On 9.1, which still says why a login is refused. */
async function withFault(fault: ProxmoxFault, options: ProxmoxDoubleOptions = {}): Promise<ProxmoxDouble> {
  const double = await startQuick({ release: '9.1', faults: [fault], ...options });
  started.push(double);
  return double;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((double) => double.close()));
});

const domains = (host: Host): Promise<Seen> => visit(host, '/api2/json/access/domains');
const line = ({ status, reason }: Seen): string => `${status} ${reason}`;

test('every row of the diagnosis table is a switch or belongs to the visitor’s side', () => {
  expect(proxmoxFaults.size + clientSideOnly.length).toBe(76);
  for (const code of clientSideOnly) expect(proxmoxFaults.has(code)).toBe(false);
});

describe('below HTTP', () => {
  test.each([
    ['REFUSED', 'ECONNREFUSED'],
    ['ACL_CLOSED', 'ECONNRESET'],
    ['NOT_HTTP', 'EPROTO'],
    ['PLAIN_HTTP', 'EPROTO'],
    ['TLS_SELF_SIGNED', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['TLS_CHAIN_GAP', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['TLS_INTERCEPT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['TLS_NAME', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['TLS_EXPIRED', 'CERT_HAS_EXPIRED'],
    ['TLS_NOT_YET', 'CERT_NOT_YET_VALID'],
    ['CLOCK_HERE', 'CERT_NOT_YET_VALID'],
    ['TLS_VERSION', 'EPROTO'],
    ['TLS_PRIVATE_CA', 'none'],
    ['TLS_CHANGED', 'none'],
  ] as const)('%s shows as %s to a visitor who trusts the authority', async (fault, code) => {
    expect(await failureCode(domains(await withFault(fault)))).toBe(code);
  });

  test('without trust in its authority every certificate fails', async () => {
    const double = await withFault('TLS_PRIVATE_CA');
    expect(await failureCode(domains({ ...double, ca: '' }))).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  const shown = (double: ProxmoxDouble): Promise<string | undefined> =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: double.port, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
      });
      socket.on('error', reject);
    });

  test('the announced fingerprint is the certificate’s, except under TLS_CHANGED', async () => {
    for (const fault of ['TLS_PRIVATE_CA', 'TLS_SELF_SIGNED'] as const) {
      const double = await withFault(fault);
      expect(await shown(double)).toBe(double.fingerprint);
    }
    const changed = await withFault('TLS_CHANGED');
    expect(await shown(changed)).not.toBe(changed.fingerprint);
  });

  test('a fault is switched on and off while running', async () => {
    const double = await startQuick();
    started.push(double);
    await double.setFault('TLS_EXPIRED', true);
    expect(await failureCode(domains(double))).toBe('CERT_HAS_EXPIRED');
    await double.setFault('TLS_EXPIRED', false);
    await double.setFault('REFUSED', true);
    expect(await failureCode(domains(double))).toBe('ECONNREFUSED');
    await double.setFault('REFUSED', false);
    expect((await domains(double)).status).toBe(200);
    expect(await shown(double)).toBe(double.fingerprint);
  });

  test('NOT_HTTP greets as SSH, PLAIN_HTTP answers as somebody’s web server', async () => {
    const ssh = await withFault('NOT_HTTP');
    const socket = open(ssh, true);
    const [greeting] = await once(socket, 'data');
    socket.destroy();
    expect(String(greeting)).toMatch(/^SSH-2\.0-/);
    const web = await withFault('PLAIN_HTTP');
    expect(await exchange(web, 'GET / HTTP/1.0\r\n\r\n', true)).toContain('Server: nginx');
  });

  test('clocks that are off show in the Date header', async () => {
    const ahead = (await domains(await withFault('CLOCK_SERVER'))).headers.date ?? '';
    expect(Date.parse(ahead)).toBeLessThan(Date.now() - 3_600_000);
  });

  test('HTTP_SCHEME announces an address in clear, which redirects', async () => {
    const double = await withFault('HTTP_SCHEME');
    expect(double.url).toMatch(/^http:/);
    expect(line(await visit(double, '/'))).toBe('301 Moved Permanently');
  });
});

describe('in front of the API', () => {
  test('PROXY_BAD, PRODUCT_WRONG and PATH_DOUBLED answer as somebody else would', async () => {
    const proxy = await domains(await withFault('PROXY_BAD'));
    expect([proxy.status, proxy.headers.server]).toEqual([502, 'nginx/1.24.0']);
    expect(proxy.text).toContain('<html>');
    const product = await withFault('PRODUCT_WRONG');
    expect((await domains(product)).status).toBe(404);
    expect((await asToken(product, product.credentials.rootToken)('/version')).status).toBe(401);
    const doubled = await withFault('PATH_DOUBLED');
    expect(line(await asToken(doubled, doubled.credentials.rootToken)('/version'))).toBe(
      "501 Method 'GET /api2/json/version' not implemented",
    );
  });

  test('BANNED stops listening after three refused logins', async () => {
    const double = await withFault('BANNED');
    const bad = asToken(double, { full: `${double.credentials.flowToken.tokenid}=x` });
    for (let tries = 0; tries < 3; tries += 1) await failureCode(bad('/version'));
    expect(await failureCode(domains(double))).toBe('ECONNREFUSED');
    await double.setFault('BANNED', false);
    expect((await domains(double)).status).toBe(200);
  });
});

describe('at the login', () => {
  test.each([
    ['AUTH_STRIPPED', '401 No ticket'],
    ['SECRET_WRONG', '401 invalid token value!'],
    ['TOKEN_UNKNOWN', "401 no such token 'flow' for user 'maker@pve'"],
    ['TOKEN_EXPIRED', "401 token 'flow' access expired"],
    ['USER_UNKNOWN', "401 no such user ('maker@pve')"],
    ['WRONG_REALM', "401 no such user ('maker@pve')"],
    ['USER_DISABLED', "401 user 'maker@pve' is disabled"],
    ['USER_EXPIRED', "401 user 'maker@pve' access expired"],
    ['AUTH_OPAQUE', '401 Authentication failed!'],
  ] as const)('%s refuses a good token with %s', async (fault, answer) => {
    const double = await withFault(fault);
    expect(line(await asToken(double, double.credentials.flowToken)('/version'))).toBe(answer);
    await double.setFault(fault, false);
    expect((await asToken(double, double.credentials.flowToken)('/version')).status).toBe(200);
  });

  test('WRONG_REALM takes the realm from the list', async () => {
    expect((await domains(await withFault('WRONG_REALM'))).text).not.toContain('"pve"');
  });

  test('PASSWORD_BAD refuses every password, TFA_NEEDED wants more than one', async () => {
    const bad = await withFault('PASSWORD_BAD');
    expect(line(await login(bad, bad.credentials.root))).toBe('401 authentication failure');
    const more = await withFault('TFA_NEEDED');
    expect((await login(more, more.credentials.root)).body.data.NeedTFA).toBe(1);
  });
});

describe('in rights', () => {
  const rights = async (double: ProxmoxDouble): Promise<Record<string, Record<string, number>>> =>
    (await asToken(double, double.credentials.flowToken)('/access/permissions')).body.data;

  test.each(['PRIVSEP_EMPTY', 'PRIVSEP_USER'] as const)(
    '%s leaves the separated token with nothing',
    async (fault) => {
      expect(await rights(await withFault(fault))).toEqual({});
    },
  );

  test('PRIV_MISSING, ROLE_VMADMIN, TEMPLATES_HIDDEN and AGENT_DENIED take some away', async () => {
    expect((await rights(await withFault('PRIV_MISSING')))['/vms']?.['VM.Clone']).toBeUndefined();
    expect((await rights(await withFault('ROLE_VMADMIN')))['/vms']).toBeDefined();
    expect((await rights(await withFault('ROLE_VMADMIN')))['/storage']?.['Datastore.Audit']).toBeUndefined();
    expect((await rights(await withFault('AGENT_DENIED')))['/vms']?.['VM.GuestAgent.Audit']).toBeUndefined();
    const hidden = await withFault('TEMPLATES_HIDDEN');
    expect((await asToken(hidden, hidden.credentials.flowToken)('/nodes/pve/qemu')).body).toEqual({
      data: [],
    });
  });

  test('ACL_NO_PROPAGATE leaves rights on / that stop there', async () => {
    const held = await rights(await withFault('ACL_NO_PROPAGATE'));
    expect(held['/']?.['VM.Audit']).toBe(0);
    expect(held['/vms']).toBeUndefined();
  });

  test('PRIV_OBSOLETE, ROOT_ONLY, TOKEN_NO_ROUTE and NO_QUORUM refuse the call itself', async () => {
    const obsolete = await withFault('PRIV_OBSOLETE', { release: '8' });
    const role = { form: { roleid: 'X', privs: 'VM.Monitor' } };
    const seen = await asToken(obsolete, obsolete.credentials.adminToken)('/access/roles', role);
    expect(seen.body.errors.privs).toContain("invalid privilege 'VM.Monitor'");
    const closed = await withFault('TOKEN_NO_ROUTE');
    const clone = { form: { newid: 100 } };
    expect(
      line(await asToken(closed, closed.credentials.flowToken)('/nodes/pve/qemu/9000/clone', clone)),
    ).toContain('not available with API token');
    const rootOnly = await withFault('ROOT_ONLY');
    const config = { method: 'PUT', form: { cores: 2 } };
    expect(
      line(await asToken(rootOnly, rootOnly.credentials.flowToken)('/nodes/pve/qemu/101/config', config)),
    ).toBe("500 only root can set 'cores' config");
    const minority = await withFault('NO_QUORUM');
    const admin = asToken(minority, minority.credentials.adminToken);
    expect(line(await admin('/pools', { form: { poolid: 'x' } }))).toContain('no quorum');
    expect((await admin('/cluster/status')).body.data[0].quorate).toBe(0);
    expect((await admin('/version')).status).toBe(200);
  });
});

describe('in nodes and templates', () => {
  test.each([
    ['NODE_UNKNOWN', /^500 hostname lookup 'pve' failed/],
    ['NODE_OFFLINE', /^595 No route to host$/],
    ['NODE_CERT', /^596 error:0A000086:SSL routines::certificate verify failed$/],
    ['TEMPLATE_MISSING', /^500 Configuration file 'nodes\/pve\/qemu-server\/9000.conf' does not exist$/],
    ['TEMPLATE_OTHER_NODE', /^500 Configuration file .* does not exist$/],
    ['TEMPLATE_LXC', /^500 Configuration file .* does not exist$/],
  ] as const)('%s shows when the template is read', async (fault, answer) => {
    const double = await withFault(fault);
    const session = asToken(double, double.credentials.rootToken);
    expect(line(await session('/nodes/pve/qemu/9000/config'))).toMatch(answer);
    await double.setFault(fault, false);
    expect((await session('/nodes/pve/qemu/9000/config')).status).toBe(200);
  });

  test('an answer for an unreachable node has no body, and the node list says it is off', async () => {
    const double = await withFault('NODE_OFFLINE');
    const session = asToken(double, double.credentials.rootToken);
    expect((await session('/nodes/pve/qemu')).text).toBe('');
    expect((await session('/nodes')).body.data).toContainEqual(
      expect.objectContaining({ node: 'pve', status: 'offline' }),
    );
  });

  test.each([
    ['TEMPLATE_NOT', { template: undefined }],
    ['TEMPLATES_NONE', { template: undefined }],
    ['TEMPLATE_WRONG_OS', { name: 'windows-2022', ostype: 'win11' }],
    ['NO_CLOUDINIT', { ide2: undefined }],
    ['NO_AGENT', { agent: undefined }],
    ['DISK_SHRINK', { scsi0: 'local-lvm:base-9000-disk-0,size=64G' }],
  ] as const)('%s shows in the template’s settings', async (fault, expected) => {
    const double = await withFault(fault);
    const config = (await asToken(double, double.credentials.flowToken)('/nodes/pve/qemu/9000/config')).body
      .data;
    for (const [name, value] of Object.entries(expected)) expect([name, config[name]]).toEqual([name, value]);
  });
});

describe('in the clone', () => {
  const clone = async (fault: ProxmoxFault, form: Record<string, string | number> = {}): Promise<Seen> => {
    const double = await withFault(fault);
    const session = asToken(double, double.credentials.flowToken);
    return session('/nodes/pve/qemu/9000/clone', { form: { newid: 100, ...form } });
  };

  test('STORAGE_BAD, VMID_TAKEN, VM_LOCKED and NAME_BAD refuse it', async () => {
    expect(line(await clone('STORAGE_BAD'))).toBe("500 storage 'local-lvm' is disabled");
    expect(line(await clone('VMID_TAKEN'))).toBe('500 unable to create VM 100: config file already exists');
    expect(line(await clone('VM_LOCKED'))).toBe('500 VM is locked (clone)');
    expect((await clone('NAME_BAD', { name: 'good' })).body.errors.name).toContain('valid DNS name');
  });

  test('TASK_FAILED fails it in its task and leaves nothing behind', async () => {
    const double = await withFault('TASK_FAILED');
    const session = asToken(double, double.credentials.flowToken);
    const end = await finished(session, '/nodes/pve/qemu/9000/clone', { form: { newid: 100 } });
    expect(end).toMatch(/^clone failed: /);
    expect((await session('/cluster/nextid')).body.data).toBe('100');
  });

  test('BRIDGE_BAD hides the bridge and fails the start', async () => {
    const double = await withFault('BRIDGE_BAD');
    const session = asToken(double, double.credentials.flowToken);
    expect((await session('/nodes/pve/network?type=any_bridge')).text).not.toContain('vmbr0');
    await finished(session, '/nodes/pve/qemu/9000/clone', { form: { newid: 100 } });
    expect(await finished(session, '/nodes/pve/qemu/100/status/start', { method: 'POST' })).toBe(
      "bridge 'vmbr0' does not exist",
    );
  });
});
