import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import {
  type ForemanDouble,
  type ForemanDoubleOptions,
  startForemanDouble,
} from '../../src/doubles/foreman/double.ts';
import { type ForemanFault, foremanFaults } from '../../src/doubles/foreman/faults.ts';
import { testForeman } from '../../src/kinds/foreman/diagnose.ts';
import { listHosts, listHypervisors, showHost, showHostPart } from '../../src/kinds/foreman/hosts.ts';
import { foreman } from '../../src/kinds/foreman/kind.ts';
import {
  createForemanToken,
  listForemanTokens,
  revokeForemanToken,
  rotateForemanToken,
} from '../../src/kinds/foreman/token.ts';
import type { Credential, Subject } from '../../src/kinds/kind.ts';
import { createLoginBudget, memoryTally } from '../../src/kinds/reach/login-budget.ts';
import type { Trust } from '../../src/outbound/trust.ts';
import { closeAll, later, subjectOf } from './support.ts';

afterEach(closeAll);

const start = async (options: ForemanDoubleOptions = {}): Promise<ForemanDouble> =>
  later(await startForemanDouble(options));

const basic = (login: string, secret: string, upstreamId?: number): Credential => ({
  method: 'basic',
  identity: login,
  secret: new Secret(secret),
  ...(upstreamId === undefined ? {} : { upstreamId: String(upstreamId) }),
});
const inventory = (double: ForemanDouble): Credential => {
  const { login, token, id } = double.credentials.inventoryToken;
  return basic(login, token, id);
};
const budget = (clock: () => number, limit?: number) =>
  createLoginBudget({
    clock,
    tally: memoryTally(clock),
    newId: randomUUID,
    ...(limit === undefined ? {} : { limit }),
  });
const admin = (double: ForemanDouble): Subject => {
  const { login, password } = double.credentials.administrator;
  return subjectOf(double, basic(login, password));
};
const logins = (double: ForemanDouble): number =>
  double.requests.filter((request) => JSON.stringify(request.headers).toLowerCase().includes('authorization'))
    .length;

/** What each fault is called here; `undefined` where a client like ours is not touched by it. */
const CODES: Record<ForemanFault, string | undefined> = {
  REFUSED: 'REFUSED',
  ACL_CLOSED: 'ACL_CLOSED',
  NOT_HTTP: 'NOT_HTTP',
  PLAIN_HTTP: 'PLAIN_HTTP',
  TLS_SELF_SIGNED: 'TLS_SELF_SIGNED',
  TLS_PRIVATE_CA: 'TLS_PRIVATE_CA',
  // The certificate carries no sign of a public issuer; that case has a test of its own.
  TLS_CHAIN_GAP: 'TLS_PRIVATE_CA',
  TLS_NAME: 'TLS_NAME',
  TLS_EXPIRED: 'TLS_EXPIRED',
  TLS_NOT_YET: 'TLS_NOT_YET',
  TLS_CHANGED: 'TLS_CHANGED',
  TLS_VERSION: 'TLS_VERSION',
  TLS_INTERCEPT: 'TLS_INTERCEPT',
  CLOCK_HERE: 'CLOCK_HERE',
  REDIRECTED: 'FOREMAN_REDIRECT',
  HTML_BODY: 'FOREMAN_NOT_FOREMAN',
  TOKEN_REFUSED: 'FOREMAN_LOGIN_REFUSED',
  LOCKED_OUT: 'FOREMAN_LOCKOUT',
  AUTH_STRIPPED: 'FOREMAN_AUTH_STRIPPED',
  SESSION_STALE: undefined,
  LDAP_DOWN: 'FOREMAN_DIRECTORY',
  PERMISSION_MISSING: 'FOREMAN_PERMISSION',
  EMPTY_SCOPE: 'FOREMAN_NOTHING_VISIBLE',
  OLD_RELEASE: undefined,
  MIGRATION_PENDING: 'FOREMAN_MAINTENANCE',
};
const UNTRUSTED = ['TLS_SELF_SIGNED', 'TLS_PRIVATE_CA', 'TLS_CHAIN_GAP', 'TLS_INTERCEPT'];

describe('a fault of Foreman', () => {
  test('is in this table, every one of them', () => {
    expect(Object.keys(CODES).sort()).toEqual([...foremanFaults.keys()].sort());
  });

  test.each(Object.entries(CODES))('%s is found as %s', async (fault, code) => {
    const double = await start({ faults: [fault as ForemanFault] });
    const trust: Trust | undefined = UNTRUSTED.includes(fault)
      ? { mode: 'system' }
      : fault === 'TLS_CHANGED'
        ? { mode: 'pin', sha256: double.fingerprint }
        : undefined;
    const subject = subjectOf(double, inventory(double), trust === undefined ? {} : { trust });
    const report = await testForeman(subject);
    expect([...new Set(report.findings.map((finding) => finding.code))]).toEqual(
      code === undefined ? [] : [code],
    );
    expect(JSON.stringify(report)).not.toContain(double.credentials.inventoryToken.token);
    if (report.layer === 'authentication') expect(logins(double)).toBe(1);
    if (report.layer === 'tls' || report.layer === 'tcp') expect(logins(double)).toBe(0);
  });
});

describe('a healthy Foreman', () => {
  test('says version, login, organisations and what there is to see, with no finding', async () => {
    const double = await start();
    const report = await testForeman(subjectOf(double, inventory(double)));
    expect(report).toMatchObject({
      verdict: 'healthy',
      findings: [],
      version: '1.24.3',
      identity: 'inventory',
      facts: { userId: 6, admin: false, hypervisors: 2 },
    });
    expect(report.facts.organizations).toContain('Default Organization');
    const root = await testForeman(admin(double));
    expect(root).toMatchObject({ verdict: 'healthy', facts: { admin: true, hosts: 12 } });
  });

  test('over plain HTTP shows no finding either', async () => {
    const double = await start({ http: true });
    expect((await testForeman(subjectOf(double, inventory(double)))).findings).toEqual([]);
  });

  test('is tested without leaving or replaying a session', async () => {
    const double = await start();
    await testForeman(subjectOf(double, inventory(double)));
    for (const request of double.requests)
      expect(Object.keys(request.headers).map((name) => name.toLowerCase())).not.toContain('cookie');
  });
});

describe('a credential', () => {
  test('of a small role works, and the missing permissions are named with the commands that give them', async () => {
    const double = await start();
    const { login, token } = double.credentials.readerToken;
    const subject = subjectOf(double, basic(login, token));
    const report = await testForeman(subject);
    expect(report.layer).toBe('rights');
    expect(report.findings[0]?.fix).toContain('--permissions view_hosts');
    expect(report.findings[0]?.fix).toContain('--login reader');
    const rights = await foreman.rights?.(subject, 'inventory');
    expect(rights?.ok && rights.value.missing).toEqual(['view_hosts', 'view_compute_resources']);
    const enough = await foreman.rights?.(subjectOf(double, inventory(double)), 'inventory');
    expect(enough?.ok && enough.value.fix).toEqual([]);
  });

  test('of nobody’s organisation sees nothing, which is said', async () => {
    const double = await start();
    const { login, token } = double.credentials.strangerToken;
    const report = await testForeman(subjectOf(double, basic(login, token)));
    expect(report.findings.map((finding) => finding.code)).toEqual(['FOREMAN_NOTHING_VISIBLE']);
  });

  test.each(['expiredToken', 'revokedToken'] as const)(
    'that is dead is refused after one attempt: %s',
    async (name) => {
      const double = await start();
      const { login, token } = double.credentials[name];
      const report = await testForeman(subjectOf(double, basic(login, token)));
      expect(report.findings.map((finding) => finding.code)).toEqual(['FOREMAN_LOGIN_REFUSED']);
      expect(logins(double)).toBe(1);
    },
  );

  test('that is wrong is tried no more once the budget is used up, and again when it has recovered', async () => {
    let now = Date.now();
    const double = await start({ clock: () => now });
    const loginBudget = budget(() => now, 3);
    const run = async () => {
      const subject = subjectOf(double, basic('inventory', 'wrong'), { clock: () => now });
      return (await testForeman({ ...subject, surroundings: { loginBudget } })).findings[0]?.code;
    };
    for (let count = 0; count < 3; count += 1) expect(await run()).toBe('FOREMAN_LOGIN_REFUSED');
    expect(await run()).toBe('FOREMAN_TESTS_CAPPED');
    expect(logins(double)).toBe(3);
    now += 301_000;
    expect(await run()).toBe('FOREMAN_LOGIN_REFUSED');
  });

  test('is not tried for five minutes after Foreman says that it has locked us out', async () => {
    const double = await start({ faults: ['LOCKED_OUT'] });
    const loginBudget = budget(Date.now);
    const subject = { ...subjectOf(double, inventory(double)), surroundings: { loginBudget } };
    expect((await testForeman(subject)).findings[0]?.code).toBe('FOREMAN_LOCKOUT');
    await double.setFault('LOCKED_OUT', false);
    expect((await testForeman(subject)).findings[0]?.code).toBe('FOREMAN_TESTS_CAPPED');
    expect(logins(double)).toBe(1);
  });
});

describe('a list', () => {
  test('of 10,000 hosts is walked page by page, each once, and none is lost', async () => {
    const double = await start({ hosts: 10_000 });
    const seen = new Set<unknown>();
    let pages = 0;
    for await (const page of listHosts(admin(double), { perPage: 250 })) {
      if (!page.ok) throw new Error(page.error.evidence);
      pages += 1;
      expect(page.value.rows.length).toBeLessThanOrEqual(250);
      expect(page.value.total).toBe(10_000);
      for (const row of page.value.rows) seen.add(row.id);
      expect(page.value.seen).toBe(seen.size);
    }
    expect(seen.size).toBe(10_000);
    expect(pages).toBe(40);
  });

  test('that ends exactly with a page ends there', async () => {
    const double = await start({ hosts: 12 });
    const counts: number[] = [];
    for await (const page of listHosts(admin(double), { perPage: 6 }))
      if (page.ok) counts.push(page.value.rows.length);
    expect(counts).toEqual([6, 6]);
  });

  test('hands a search to Foreman, and its refusal of a bad one back', async () => {
    const double = await start();
    const first = async (search: string) => {
      for await (const page of listHosts(admin(double), { search })) return page;
      throw new Error('nothing came');
    };
    const found = await first('hostgroup = web');
    expect(found.ok && found.value.subtotal).toBe(4);
    const refused = await first('nonsense_field = "x"');
    expect(refused.ok).toBe(false);
  });

  test('never carries the provisioning token of a host in build', async () => {
    const double = await start();
    let text = '';
    for await (const page of listHosts(admin(double))) text += JSON.stringify(page);
    const shown = await showHost(admin(double), 'web-001.lab.example');
    text += JSON.stringify(shown);
    expect(shown.ok && shown.value.name).toBe('web-001.lab.example');
    for (const host of double.foreman.hosts.values())
      if (host.provisioningToken !== null) expect(text).not.toContain(host.provisioningToken);
  });

  test('of hypervisors is the list of compute resources', async () => {
    const double = await start();
    const names: unknown[] = [];
    for await (const page of listHypervisors(admin(double)))
      if (page.ok) names.push(...page.value.rows.map((row) => row.name));
    expect(names.sort()).toEqual(['kvm-lab', 'rhv-research', 'vcenter']);
  });

  test('of facts belongs to one host', async () => {
    const double = await start();
    const facts = await showHostPart(admin(double), 'web-001.lab.example', 'facts');
    expect(facts).toMatchObject({ ok: true, value: { kernel: 'Linux' } });
  });
});

describe('a personal access token', () => {
  const inAnHour = (): number => Math.floor(Date.now() / 1000) + 3600;

  test('is made from a name and password used once, works, is listed, and is revoked', async () => {
    const double = await start();
    const expiresAt = inAnHour();
    const made = await createForemanToken(admin(double), { name: 'tessera', user: 'inventory', expiresAt });
    if (!made.ok) throw new Error(made.error.evidence);
    const { credential } = made.value;
    expect(credential).toMatchObject({ method: 'basic', identity: 'inventory' });
    expect(made.value.expiresAt).toBe(expiresAt);
    const subject = subjectOf(double, credential);
    expect((await testForeman(subject)).verdict).toBe('healthy');
    const listed = await listForemanTokens(admin(double), 'inventory');
    expect(listed.ok && listed.value.find((token) => token.name === 'tessera')).toMatchObject({
      active: true,
      expiresAt,
    });
    expect(await revokeForemanToken(subject, admin(double))).toEqual({ ok: true, value: true });
    expect((await testForeman(subject)).findings[0]?.code).toBe('FOREMAN_LOGIN_REFUSED');
    const after = await listForemanTokens(admin(double), 'inventory');
    expect(after.ok && after.value.find((token) => token.name === 'tessera')?.active).toBe(false);
  });

  test('is asked for with a wrong password once: a second try would count towards the lock-out', async () => {
    const double = await start();
    const made = await createForemanToken(subjectOf(double, basic('inventory', 'wrong')), { name: 'mine' });
    expect(made.ok ? 'made' : made.error.code).toBe('FOREMAN_LOGIN_REFUSED');
    expect(logins(double)).toBe(1);
  });

  test('can be made by its own user with the permission, and then not revoked by it: both are said', async () => {
    const double = await start();
    const { login, password } = double.credentials.inventory;
    const own = subjectOf(double, basic(login, password));
    const made = await createForemanToken(own, { name: 'mine' });
    if (!made.ok) throw new Error(made.error.evidence);
    expect(made.value.expiresAt).toBeNull();
    const undone = await made.value.undo();
    expect(undone.ok ? '' : undone.error.code).toBe('FOREMAN_REVOKE_NEEDS_ADMIN');
    const reader = double.credentials.reader;
    const denied = await createForemanToken(subjectOf(double, basic(reader.login, reader.password)), {
      name: 'x',
    });
    expect(denied.ok ? '' : denied.error.code).toBe('FOREMAN_CREATE_DENIED');
  });

  test('is refused with an end that has passed, a name that was ever used, or a user that is none', async () => {
    const double = await start();
    const codes = [];
    for (const wish of [
      { name: 'late', expiresAt: 1 },
      { name: 'withdrawn', user: 'inventory' },
      { name: 'x', user: 'nobody' },
    ]) {
      const made = await createForemanToken(admin(double), wish);
      codes.push(made.ok ? 'made' : made.error.code);
    }
    expect(codes).toEqual(['FOREMAN_EXPIRY_PAST', 'FOREMAN_NAME_TAKEN', 'FOREMAN_USER_UNKNOWN']);
  });

  test('is rotated under a fresh name, the old one alive until the new one is stored', async () => {
    const double = await start();
    const subject = subjectOf(double, inventory(double));
    const rotated = await rotateForemanToken(subject, admin(double));
    if (!rotated.ok) throw new Error(rotated.error.evidence);
    const next = { ...subject, credential: rotated.value.credential };
    expect((await testForeman(subject)).verdict).toBe('healthy');
    expect((await testForeman(next)).verdict).toBe('healthy');
    expect(await rotated.value.finish()).toEqual({ ok: true, value: true });
    expect((await testForeman(subject)).verdict).toBe('failed');
    const again = await rotateForemanToken(next, admin(double));
    expect(again.ok && again.value.overlap).toBe(true);
  });

  test('without its number cannot be told from the others, and nothing is revoked', async () => {
    const double = await start();
    const { login, token } = double.credentials.inventoryToken;
    const result = await revokeForemanToken(subjectOf(double, basic(login, token)), admin(double));
    expect(result.ok ? '' : result.error.code).toBe('FOREMAN_TOKEN_UNKNOWN');
  });

  test('never shows itself in what is said about it', async () => {
    const double = await start();
    const made = await createForemanToken(admin(double), { name: 'canary' });
    if (!made.ok) throw new Error(made.error.evidence);
    expect(JSON.stringify(made)).not.toContain(made.value.credential.secret.reveal());
  });
});
