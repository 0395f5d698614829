import { afterEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import type { ProxmoxDouble, ProxmoxDoubleOptions } from '../../src/doubles/proxmox/double.ts';
import { clientSideOnly, type ProxmoxFault, proxmoxFaults } from '../../src/doubles/proxmox/faults.ts';
import type { Finding } from '../../src/kinds/finding.ts';
import type { Credential, Expectations, Report } from '../../src/kinds/kind.ts';
import { path, proxmoxApi } from '../../src/kinds/proxmox/api.ts';
import { testProxmox } from '../../src/kinds/proxmox/diagnose.ts';
import { tokenIdOf } from '../../src/kinds/proxmox/identity.ts';
import { explainRefusal } from '../../src/kinds/proxmox/refusal.ts';
import { proxmoxCarrier } from '../../src/kinds/proxmox/session.ts';
import type { Trust } from '../../src/outbound/trust.ts';
import { closeAll, LAB, outbound, password, proxmoxDouble, subjectOf, token } from './support.ts';

afterEach(closeAll);

interface Row {
  readonly options?: ProxmoxDoubleOptions;
  readonly expect?: (double: ProxmoxDouble) => Expectations;
  readonly credential?: (double: ProxmoxDouble) => Credential;
  readonly trust?: (double: ProxmoxDouble) => Trust;
  /** The fault shows in work, not in a look: this does the work and explains its refusal. */
  readonly work?: (double: ProxmoxDouble) => Promise<Finding>;
}

const flow = (double: ProxmoxDouble): Credential => token(double.credentials.flowToken.full);
const byPassword = (double: ProxmoxDouble): Credential => password(double.credentials.maker);
const nothing: Trust = { mode: 'system' };

/** Clones as the flow token does, waits for the task, and explains whichever of the two refuses. */
async function clone(double: ProxmoxDouble, config?: Record<string, string>): Promise<Finding> {
  const subject = subjectOf(double, flow(double));
  const api = proxmoxApi(subject, proxmoxCarrier(subject));
  const { user, token: name } = tokenIdOf(subject.credential.identity);
  const context = { origin: subject.client.origin, who: { user, token: name }, name: 'test-vm', guest: 9000 };
  const started = await api.post(path`/nodes/${'pve'}/qemu/${9000}/clone`, {
    newid: 300,
    name: 'test-vm',
    full: true,
  });
  if (!started.ok) return explainRefusal(started.error, context, 'P16');
  const upid = String(started.value);
  for (;;) {
    const status = await api.get(path`/nodes/${'pve'}/tasks/${upid}/status`);
    if (!status.ok) throw new Error(status.error.text);
    const { status: state } = status.value as { status: string };
    if (state === 'stopped') break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  if (config !== undefined) {
    const changed = await api.put(path`/nodes/${'pve'}/qemu/${300}/config`, config);
    if (!changed.ok) return explainRefusal(changed.error, context, 'P16');
  }
  const report = await testProxmox({ ...subject, expect: { upid } });
  const [found] = report.findings;
  if (found === undefined) throw new Error('the work was not refused');
  return found;
}

/** How each fault of the server is met; an empty row is a plain test with the flow token. */
const ROWS: Partial<Record<ProxmoxFault, Row>> = {
  REFUSED: {},
  ACL_CLOSED: {},
  NOT_HTTP: {},
  PLAIN_HTTP: {},
  TLS_SELF_SIGNED: { trust: () => nothing },
  TLS_PRIVATE_CA: { trust: () => nothing },
  TLS_NAME: {},
  TLS_EXPIRED: {},
  TLS_NOT_YET: {},
  TLS_CHANGED: { trust: (double) => ({ mode: 'pin', sha256: double.fingerprint }) },
  TLS_VERSION: {},
  TLS_INTERCEPT: { trust: () => nothing },
  CLOCK_HERE: {},
  HTTP_SCHEME: {},
  PROXY_BAD: {},
  AUTH_STRIPPED: {},
  PRODUCT_WRONG: {},
  PATH_DOUBLED: {},
  WRONG_REALM: {},
  USER_UNKNOWN: { options: { release: '9.1' } },
  TOKEN_UNKNOWN: { options: { release: '9.1' } },
  SECRET_WRONG: { options: { release: '8.2' } },
  USER_DISABLED: { options: { release: '9.1' } },
  USER_EXPIRED: { options: { release: '8.2' } },
  TOKEN_EXPIRED: { options: { release: '7' } },
  CLOCK_SERVER: {},
  AUTH_OPAQUE: {},
  PASSWORD_BAD: { credential: byPassword },
  TFA_NEEDED: { credential: byPassword },
  PRIVSEP_EMPTY: {},
  PRIVSEP_USER: {
    expect: (double) => ({ ...LAB, password: new Secret(double.credentials.maker.password) }),
  },
  PRIV_MISSING: {},
  ROLE_VMADMIN: {},
  ACL_NO_PROPAGATE: {},
  PRIV_OBSOLETE: { expect: () => ({ ...LAB, privileges: ['VM.Monitor', 'VM.Clone'] }) },
  ROOT_ONLY: { work: (double) => clone(double, { description: 'x' }) },
  TOKEN_NO_ROUTE: { work: clone },
  NODE_UNKNOWN: {},
  NODE_OFFLINE: {},
  NODE_CERT: {},
  NO_QUORUM: { credential: (double) => token(double.credentials.adminToken.full) },
  TEMPLATES_HIDDEN: {},
  TEMPLATES_NONE: {},
  TEMPLATE_MISSING: {},
  TEMPLATE_OTHER_NODE: {},
  TEMPLATE_NOT: {},
  TEMPLATE_LXC: {},
  TEMPLATE_WRONG_OS: {},
  NO_CLOUDINIT: {},
  NO_AGENT: {},
  AGENT_DENIED: {},
  STORAGE_BAD: {},
  BRIDGE_BAD: {},
  VMID_TAKEN: { work: clone },
  VM_LOCKED: { work: clone },
  NAME_BAD: { work: clone },
  DISK_SHRINK: {},
  TASK_FAILED: { work: clone },
};

/** Met in tests of their own below, because they need more than a switch. */
const APART = ['BANNED', 'TLS_CHAIN_GAP'];

async function diagnose(double: ProxmoxDouble, row: Row): Promise<Report> {
  const credential = (row.credential ?? flow)(double);
  const trust = row.trust?.(double);
  const subject = subjectOf(double, credential, trust === undefined ? {} : { trust });
  return testProxmox({ ...subject, expect: row.expect?.(double) ?? LAB });
}

describe('a fault of the server', () => {
  test('is in this table, every one of them', () => {
    expect([...Object.keys(ROWS), ...APART].sort()).toEqual([...proxmoxFaults.keys()].sort());
    expect(clientSideOnly.filter((code) => code in ROWS)).toEqual([]);
  });

  test.each(Object.entries(ROWS))('is found by its code: %s', async (code, row) => {
    const double = await proxmoxDouble({ ...row.options, faults: [code as ProxmoxFault] });
    const found = row.work ? [await row.work(double)] : (await diagnose(double, row)).findings;
    expect(found.map((finding) => finding.code)).toEqual([code]);
    const [finding] = found;
    expect(finding?.probe).toMatch(/^P\d{1,2}$/);
    for (const part of ['evidence', 'sentence', 'fix'] as const) expect(finding?.[part]).not.toBe('');
    const secrets = Object.values(double.credentials).map((each) =>
      'secret' in each ? each.secret : each.password,
    );
    for (const secret of secrets) expect(JSON.stringify(found)).not.toContain(secret);
  });

  test.each(Object.entries(ROWS).filter(([, row]) => row.work === undefined))(
    'leaves no finding once it is gone: %s',
    async (code, row) => {
      const double = await proxmoxDouble(row.options);
      await double.setFault(code as ProxmoxFault, true);
      await double.setFault(code as ProxmoxFault, false);
      const { privileges: _, ...expectation } = row.expect?.(double) ?? LAB;
      const { trust: __, ...plain } = row;
      const report = await diagnose(double, { ...plain, expect: () => expectation });
      expect(report).toMatchObject({ verdict: 'healthy', findings: [] });
    },
  );
});

describe('a healthy server', () => {
  test.each(['7', '8', '8.2', '9', '9.1'] as const)(
    'of release %s shows no finding, by token or by password',
    async (release) => {
      const double = await proxmoxDouble({ release });
      for (const credential of [flow(double), byPassword(double)]) {
        const report = await testProxmox({ ...subjectOf(double, credential), expect: LAB });
        expect(report).toMatchObject({ verdict: 'healthy', findings: [], identity: credential.identity });
        expect(report.fingerprint).toBe(double.fingerprint);
      }
    },
  );

  test('behind a pin, or with verification off, shows no finding either', async () => {
    const double = await proxmoxDouble();
    const trusts: Trust[] = [
      { mode: 'pin', sha256: double.fingerprint },
      { mode: 'none', reason: 'lab', untilSeconds: Math.floor(Date.now() / 1000) + 60 },
    ];
    for (const trust of trusts) {
      const report = await testProxmox({ ...subjectOf(double, flow(double), { trust }), expect: LAB });
      expect(report.findings).toEqual([]);
    }
  });

  test('tells its version, nodes and templates with what they are good for', async () => {
    const double = await proxmoxDouble();
    const report = await testProxmox(subjectOf(double, flow(double)));
    expect(report.version).toMatch(/^9\./);
    expect(report.facts.nodes).toEqual([
      { name: 'pve', status: 'online' },
      { name: 'pve2', status: 'online' },
    ]);
    expect(report.facts.templates).toMatchObject([
      {
        id: 9000,
        name: 'ubuntu-22.04-template',
        node: 'pve',
        cloudInit: true,
        agent: true,
        storage: 'local-lvm',
        bridge: 'vmbr0',
      },
      { id: 9001, name: 'ubuntu-20.04-template' },
    ]);
  });
});

describe('trust', () => {
  test('is decided before the credential is sent: an untrusted server never sees it', async () => {
    const double = await proxmoxDouble();
    const report = await testProxmox(subjectOf(double, flow(double), { trust: nothing }));
    expect(report).toMatchObject({ verdict: 'failed', layer: 'tls' });
    expect(double.requests).toEqual([]);
  });

  test('that does not hold for the name either says both', async () => {
    const double = await proxmoxDouble({ faults: ['TLS_NAME'] });
    const report = await testProxmox(subjectOf(double, flow(double), { trust: nothing }));
    expect(report.findings.map((finding) => [finding.code, finding.severity])).toEqual([
      ['TLS_PRIVATE_CA', 'blocking'],
      ['TLS_NAME', 'warning'],
    ]);
  });
});

describe('a pinned certificate', () => {
  test('that has ended still proves who it is, with a warning', async () => {
    const double = await proxmoxDouble({ faults: ['TLS_EXPIRED'] });
    const trust: Trust = { mode: 'pin', sha256: double.fingerprint };
    const report = await testProxmox({ ...subjectOf(double, flow(double), { trust }), expect: LAB });
    expect(report).toMatchObject({
      verdict: 'warnings',
      findings: [{ code: 'TLS_EXPIRED', severity: 'warning' }],
    });
  });
});

describe('a refused credential', () => {
  test('is sent once and never again', async () => {
    const double = await proxmoxDouble({ faults: ['SECRET_WRONG'] });
    await testProxmox({ ...subjectOf(double, flow(double)), expect: LAB });
    const sent = double.requests.filter((request) => JSON.stringify(request).includes('PVEAPIToken'));
    expect(sent.length).toBeLessThanOrEqual(1);
    const byLogin = await proxmoxDouble({ faults: ['PASSWORD_BAD'] });
    const subject = subjectOf(byLogin, byPassword(byLogin));
    const carrier = proxmoxCarrier(subject);
    await carrier.inject('GET');
    await carrier.inject('GET');
    const logins = byLogin.requests.filter((request) => JSON.stringify(request).includes('/access/ticket'));
    expect(logins.length).toBe(1);
  });

  test('that leads to a ban is found as one when the server then falls silent', async () => {
    const double = await proxmoxDouble({ faults: ['BANNED'] });
    const wrong = token(`${double.credentials.flowToken.tokenid}=00000000-1111-2222-3333-444444444444`);
    for (let count = 0; count < 3; count += 1) await testProxmox(subjectOf(double, wrong));
    const report = await testProxmox({
      ...subjectOf(double, wrong),
      surroundings: { recentRejections: 3 },
    });
    expect(report.findings.map((finding) => finding.code)).toEqual(['BANNED']);
  });

  test('warns that the password beside it is not tried', async () => {
    const double = await proxmoxDouble({ faults: ['SECRET_WRONG'], release: '8.2' });
    const report = await testProxmox({
      ...subjectOf(double, flow(double)),
      expect: { passwordBeside: true },
    });
    expect(report.findings.map((finding) => finding.code)).toEqual(['SECRET_WRONG', 'FALLBACK_MYTH']);
  });

  test.each([
    ['TOKEN_UNKNOWN', 'TOKEN_UNKNOWN'],
    ['TOKEN_EXPIRED', 'TOKEN_EXPIRED'],
    ['SECRET_WRONG', 'SECRET_WRONG'],
  ] as const)(
    'of a release that hides the cause is narrowed to %s with the owner’s password',
    async (fault, code) => {
      const double = await proxmoxDouble({ release: '9', faults: [fault] });
      const expectation = { password: new Secret(double.credentials.maker.password) };
      const report = await testProxmox({ ...subjectOf(double, flow(double)), expect: expectation });
      expect(report.findings.map((finding) => [finding.code, finding.probe])).toEqual([[code, 'P15']]);
    },
  );
});

describe('the nine privileges of a widespread guide', () => {
  test('are compared with what a clone needs, and each gap is named', async () => {
    const double = await proxmoxDouble();
    const nine = token(double.credentials.nineToken.full);
    const report = await testProxmox({
      ...subjectOf(double, nine),
      expect: { ...LAB, privileges: ['VM.Allocate', 'VM.Monitor'] },
    });
    expect(report.findings.map((finding) => finding.code)).toEqual(['PRIV_OBSOLETE', 'PRIV_MISSING']);
    const missing = report.findings[1];
    for (const privilege of [
      'VM.Clone',
      'VM.Audit',
      'VM.Config.CPU',
      'Datastore.AllocateSpace',
      'VM.GuestAgent.Audit',
    ])
      expect(missing?.fix).toContain(privilege);
    expect(missing?.fix).toContain("--tokens 'nine@pve!terraform'");
  });
});

describe('a template that another task holds', () => {
  test('is found before it is used', async () => {
    const double = await proxmoxDouble();
    double.cluster.guests.get(9000)?.config.set('lock', 'clone');
    const report = await testProxmox({ ...subjectOf(double, flow(double)), expect: LAB });
    expect(report.findings.map((finding) => finding.code)).toEqual(['VM_LOCKED']);
  });
});

describe('an API path in the URL', () => {
  test('is named as given twice', async () => {
    const double = await proxmoxDouble();
    const client = outbound(`${double.url}/api2/json`, { mode: 'ca', pem: double.ca });
    const report = await testProxmox({ client, credential: flow(double), clock: Date.now });
    expect(report.findings.map((finding) => finding.code)).toEqual(['PATH_DOUBLED']);
  });
});
