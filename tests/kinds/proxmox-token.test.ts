import { afterEach, describe, expect, test } from 'vitest';
import type { ProxmoxDouble } from '../../src/doubles/proxmox/double.ts';
import type { CredentialWish, Subject } from '../../src/kinds/kind.ts';
import { proxmoxApi } from '../../src/kinds/proxmox/api.ts';
import { testProxmox } from '../../src/kinds/proxmox/diagnose.ts';
import { proxmox } from '../../src/kinds/proxmox/kind.ts';
import { proxmoxCarrier } from '../../src/kinds/proxmox/session.ts';
import { createToken } from '../../src/kinds/proxmox/token-create.ts';
import { revokeToken, rotateToken } from '../../src/kinds/proxmox/token-rotate.ts';
import { closeAll, LAB, password, proxmoxDouble, subjectOf, token } from './support.ts';

afterEach(closeAll);

const root = (double: ProxmoxDouble): Subject => subjectOf(double, password(double.credentials.root));

async function made(admin: Subject, wish: CredentialWish) {
  const result = await createToken(admin, wish);
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.evidence}`);
  return result.value;
}

const snapshot = (double: ProxmoxDouble): string =>
  JSON.stringify([
    [...double.cluster.users].map(([id, user]) => [id, [...user.tokens.keys()]]),
    [...double.cluster.roles].map(([id, privileges]) => [id, [...privileges].sort()]),
    double.cluster.acl,
  ]);

describe('a new token', () => {
  test.each(['7', '8', '9'] as const)(
    'on release %s gets user, role, separation and grants, and passes the test of its task',
    async (release) => {
      const double = await proxmoxDouble({ release });
      for (const task of ['clone-vm', 'terraform', 'inventory'] as const) {
        const admin = root(double);
        const fresh = await made(admin, { name: `for-${task}`, task });
        expect(double.cluster.users.get('tessera@pve')?.tokens.get(`for-${task}`)?.privsep).toBe(true);
        const report = await testProxmox({
          ...admin,
          credential: fresh.credential,
          expect: task === 'inventory' ? { templates: LAB.templates ?? [], task } : { ...LAB, task },
        });
        expect(report).toMatchObject({ verdict: 'healthy', identity: `tessera@pve!for-${task}` });
      }
    },
  );

  test('may be limited to one storage and bridge', async () => {
    const double = await proxmoxDouble();
    const admin = root(double);
    const objects = { storage: 'local-lvm', bridge: 'vmbr0' };
    const fresh = await made(admin, { name: 'narrow', expect: objects });
    expect(fresh.done).toContain('TesseraVM on /storage/local-lvm for tessera@pve!narrow');
    const subject = { ...admin, credential: fresh.credential };
    expect((await testProxmox({ ...subject, expect: LAB })).verdict).toBe('healthy');
    const other = await testProxmox({ ...subject, expect: { ...LAB, storage: 'shared-nfs' } });
    expect(other.findings[0]?.code).toBe('ROLE_VMADMIN');
  });

  test('is taken back whole by its undo', async () => {
    const double = await proxmoxDouble();
    const before = snapshot(double);
    const fresh = await made(root(double), { name: 'short', task: 'terraform' });
    expect(snapshot(double)).not.toBe(before);
    expect(await fresh.undo()).toEqual({ ok: true, value: true });
    expect(snapshot(double)).toBe(before);
  });

  test('leaves nothing behind when the administrator may do only half of it', async () => {
    // PVEAdmin may make users and tokens but neither roles nor, from 8 on, grants.
    const double = await proxmoxDouble();
    double.cluster.acl.push({
      path: '/',
      type: 'user',
      subject: 'auditor@pve',
      role: 'PVEAdmin',
      propagate: true,
    });
    const before = snapshot(double);
    const result = await createToken(subjectOf(double, password(double.credentials.auditor)), {
      name: 'api',
    });
    expect(result.ok ? '' : result.error.code).toBe('PRIV_MISSING');
    expect(snapshot(double)).toBe(before);
  });

  test('never touches what an owner inherits from above', async () => {
    const double = await proxmoxDouble();
    await made(root(double), { name: 'extra', user: 'admin@pve' });
    expect(double.cluster.acl.filter((entry) => entry.subject === 'admin@pve').length).toBe(1);
  });

  test('is refused before anything is sent when its end has passed, its name is none or its task unknown', async () => {
    const double = await proxmoxDouble();
    const before = snapshot(double);
    const codes = [];
    for (const wish of [{ name: 'api', expiresAt: 1 }, { name: 'x y' }, { name: 'api', task: 'mining' }]) {
      const result = await createToken(root(double), wish);
      codes.push(result.ok ? 'made' : result.error.code);
    }
    expect(codes).toEqual(['EXPIRY_PAST', 'TOKEN_ID_SHAPE', 'TASK_UNKNOWN']);
    expect(snapshot(double)).toBe(before);
    expect(double.requests).toEqual([]);
  });

  test('does not replace one of the same name', async () => {
    const double = await proxmoxDouble();
    await made(root(double), { name: 'api' });
    const before = snapshot(double);
    const again = await createToken(root(double), { name: 'api' });
    expect(again.ok ? '' : again.error.code).toBe('TOKEN_EXISTS');
    expect(snapshot(double)).toBe(before);
  });
});

describe('rotation', () => {
  test.each([
    ['7', true],
    ['8', true],
    ['9', false],
  ] as const)(
    'on release %s keeps every grant; the old secret is dead at the end',
    async (release, overlap) => {
      const double = await proxmoxDouble({ release });
      const admin = root(double);
      const old = token(double.credentials.flowToken.full);
      const rotated = await rotateToken({ ...admin, credential: old }, admin);
      if (!rotated.ok) throw new Error(rotated.error.evidence);
      expect(rotated.value.overlap).toBe(overlap);
      const check = async (credential = rotated.value.credential) =>
        (await testProxmox({ ...admin, credential, expect: LAB })).verdict;
      expect(await check()).toBe('healthy');
      expect(await check(old)).toBe(overlap ? 'healthy' : 'failed');
      expect(await rotated.value.finish()).toEqual({ ok: true, value: true });
      expect(await check(old)).toBe('failed');
      expect(await check()).toBe('healthy');
      // Once more: the successor of a successor has a name of its own too.
      const again = await rotateToken({ ...admin, credential: rotated.value.credential }, admin);
      expect(again.ok && again.value.credential.identity).toBe(
        overlap ? 'maker@pve!flow-r3' : 'maker@pve!flow',
      );
    },
  );

  test('by the token itself works only where it may manage its owner, and says so otherwise', async () => {
    const double = await proxmoxDouble();
    const refused = await rotateToken(subjectOf(double, token(double.credentials.flowToken.full)));
    expect(refused.ok ? '' : refused.error.code).toBe('PRIV_MISSING');
    const allowed = await rotateToken(subjectOf(double, token(double.credentials.adminToken.full)));
    expect(allowed.ok).toBe(true);
    const byPassword = await rotateToken(root(double));
    expect(byPassword.ok ? '' : byPassword.error.code).toBe('NO_ROTATION');
  });
});

describe('revocation', () => {
  test.each([
    ['9', 'AUTH_OPAQUE'],
    ['9.1', 'TOKEN_UNKNOWN'],
  ] as const)('on release %s ends in a test that says so: %s', async (release, code) => {
    const double = await proxmoxDouble({ release });
    const admin = root(double);
    const subject = { ...admin, credential: token(double.credentials.flowToken.full) };
    expect(await revokeToken(subject, admin)).toEqual({ ok: true, value: true });
    expect(await revokeToken(subject, admin)).toEqual({ ok: true, value: true });
    const report = await testProxmox(subject);
    expect(report).toMatchObject({ layer: 'authentication', findings: [{ code }] });
  });
});

describe('a login by password', () => {
  test('is kept alive by its own ticket and never sends the password again', async () => {
    let now = Date.now();
    const double = await proxmoxDouble({ clock: () => now });
    const subject = subjectOf(double, password(double.credentials.maker), { clock: () => now });
    const api = proxmoxApi(subject, proxmoxCarrier(subject));
    expect((await api.get('/version')).ok).toBe(true);
    now += 3_700_000;
    expect((await api.get('/version')).ok).toBe(true);
    now += 3_700_000;
    // A write needs the second header too.
    const moved = await api.put('/nodes/pve/qemu/102/config', { description: 'x' });
    expect(moved.ok ? 200 : moved.error.status).not.toBe(401);
    const logins = double.requests.filter((request) => JSON.stringify(request).includes('/access/ticket'));
    expect(logins.length).toBe(3);
  });
});

describe('rights for a task', () => {
  test('show has, needs and missing for any recipe, and refuse an unknown one', async () => {
    const double = await proxmoxDouble();
    const subject = subjectOf(double, token(double.credentials.flowToken.full));
    const enough = await proxmox.rights?.(subject, 'clone-vm', LAB);
    expect(enough?.ok && enough.value.missing).toEqual([]);
    const more = await proxmox.rights?.(subject, 'terraform', LAB);
    expect(more?.ok && more.value.missing).toEqual([
      'Datastore.AllocateTemplate',
      'Sys.Audit',
      'VM.Config.CDROM',
      'VM.Config.HWType',
    ]);
    const nine = [
      ...['VM.Allocate', 'VM.Config.Disk', 'VM.Config.Memory', 'VM.Config.Network', 'VM.Config.Options'],
      ...['VM.Monitor', 'VM.PowerMgmt', 'Datastore.Allocate', 'SDN.Use'],
    ];
    const guide = await proxmox.rights?.(subject, 'clone-vm', { privileges: nine });
    expect(guide).toMatchObject({
      ok: true,
      value: {
        missing: ['Datastore.AllocateSpace', 'VM.Audit', 'VM.Clone', 'VM.Config.CPU', 'VM.GuestAgent.Audit'],
        obsolete: ['VM.Monitor'],
        unneeded: ['Datastore.Allocate'],
      },
    });
    const none = await proxmox.rights?.(subject, 'mining');
    expect(none?.ok === false && none.error.code).toBe('TASK_UNKNOWN');
  });
});
