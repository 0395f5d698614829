import { afterEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import type { ProxmoxFault } from '../../src/doubles/proxmox/faults.ts';
import { testProxmox } from '../../src/kinds/proxmox/diagnose.ts';
import { proxmoxCarrier } from '../../src/kinds/proxmox/session.ts';
import type { Trust } from '../../src/outbound/trust.ts';
import { byPassword, diagnose, FAULTS_OF_SERVER, flow, nothing } from './server-faults.ts';
import { closeAll, LAB, outbound, proxmoxDouble, subjectOf, token } from './support.ts';

afterEach(closeAll);

describe('a fault of the server', () => {
  test.each(Object.entries(FAULTS_OF_SERVER).filter(([, row]) => row.work === undefined))(
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
