import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProxmoxDouble } from '../../src/doubles/proxmox/double.ts';
import { asToken, asUser, type Session, startQuick } from './proxmox-support.ts';

let double: ProxmoxDouble;
let admin: Session;

beforeEach(async () => {
  double = await startQuick({ http: true });
  admin = asToken(double, double.credentials.adminToken);
});

afterEach(() => double.close());

const grant = async (fields: Record<string, string | number>, by = admin): Promise<void> => {
  const seen = await by('/access/acl', { method: 'PUT', form: fields });
  if (seen.status !== 200) throw new Error(`${seen.status} ${seen.reason}`);
};
const rightsOf = async (session: Session, path?: string): Promise<Record<string, Record<string, number>>> =>
  (await session(`/access/permissions${path === undefined ? '' : `?path=${path}`}`)).body.data;

describe('a separated token', () => {
  test('without a grant holds nothing: no rights, empty lists, and no refusal', async () => {
    const empty = asToken(double, double.credentials.emptyToken);
    expect(await rightsOf(empty)).toEqual({});
    expect((await empty('/nodes/pve/qemu')).body).toEqual({ data: [] });
    expect((await empty('/storage')).body).toEqual({ data: [] });
    expect((await empty('/access/users')).body).toEqual({ data: [] });
    expect((await empty('/nodes')).body.data.map((row: { node: string }) => row.node)).toEqual([
      'pve',
      'pve2',
    ]);
  });

  test('holds what its own grants and its owner both give, flags and-ed', async () => {
    const { emptyToken } = double.credentials;
    await grant({ path: '/vms', roles: 'PVEVMAdmin', tokens: emptyToken.tokenid, propagate: 0 });
    const rights = (await rightsOf(asToken(double, emptyToken), '/vms'))['/vms'];
    expect(rights?.['VM.Clone']).toBe(0);
    expect(rights?.['VM.Console']).toBeUndefined();
  });

  test('gains nothing from a grant its owner does not have', async () => {
    const { emptyToken } = double.credentials;
    await grant({ path: '/pool/lab', roles: 'PVEPoolAdmin', tokens: emptyToken.tokenid });
    expect(await rightsOf(asToken(double, emptyToken))).toEqual({});
  });

  test('of root@pam has exactly its own grants', async () => {
    const { rootSeparatedToken } = double.credentials;
    const session = asToken(double, rootSeparatedToken);
    expect(await rightsOf(session)).toEqual({});
    await grant({ path: '/vms/101', roles: 'PVETemplateUser', tokens: rootSeparatedToken.tokenid });
    expect(await rightsOf(session)).toEqual({ '/vms/101': { 'VM.Audit': 1, 'VM.Clone': 1 } });
  });
});

test('a token that is not separated has its owner’s rights, and its own grants are ignored', async () => {
  const { auditorToken } = double.credentials;
  await grant({ path: '/', roles: 'NoAccess', tokens: auditorToken.tokenid });
  const session = asToken(double, auditorToken);
  expect((await rightsOf(session, '/'))['/']?.['Sys.Audit']).toBe(1);
});

describe('grants', () => {
  test('further down replace those from above', async () => {
    await grant({ path: '/vms/101', roles: 'PVEVMUser', users: 'auditor@pve' });
    const auditor = asToken(double, double.credentials.auditorToken);
    expect(Object.keys((await rightsOf(auditor, '/vms/101'))['/vms/101'] ?? {})).toContain('VM.PowerMgmt');
    expect(Object.keys((await rightsOf(auditor, '/vms/102'))['/vms/102'] ?? {})).not.toContain(
      'VM.PowerMgmt',
    );
  });

  test('without propagation count only at their own path', async () => {
    await grant({ path: '/nodes', roles: 'PVESysAdmin', users: 'nine@pve', propagate: 0 });
    await grant({ path: '/nodes', roles: 'PVESysAdmin', tokens: 'nine@pve!terraform', propagate: 0 });
    const nine = asToken(double, double.credentials.nineToken);
    expect((await rightsOf(nine, '/nodes'))['/nodes']).toMatchObject({ 'Sys.Audit': 0 });
    expect((await rightsOf(nine, '/nodes/pve'))['/nodes/pve']?.['Sys.Audit']).toBeUndefined();
  });

  test('of NoAccess take everything away below', async () => {
    await grant({ path: '/vms/101', roles: 'NoAccess', users: 'auditor@pve' });
    const rows = (await asToken(double, double.credentials.auditorToken)('/nodes/pve/qemu')).body.data;
    expect(rows.map((row: { vmid: number }) => row.vmid)).toEqual([9000, 9001]);
  });

  test('to a user outrank those to a group', async () => {
    await grant({ path: '/vms', roles: 'PVEVMAdmin', groups: 'operators' });
    await admin('/access/users/nine@pve', { method: 'PUT', form: { groups: 'operators' } });
    await grant({ path: '/vms', roles: 'PVETemplateUser', users: 'nine@pve' });
    expect(await rightsOf(admin, '/vms&userid=nine@pve')).toEqual({
      '/vms': { 'VM.Audit': 1, 'VM.Clone': 1 },
    });
  });

  test('on a pool count for its guests', async () => {
    await grant({ path: '/pool/lab', roles: 'PVEVMUser', users: 'nine@pve' });
    const rights = await rightsOf(admin, '/vms/102&userid=nine@pve');
    expect(rights['/vms/102']?.['VM.Console']).toBe(1);
  });

  test('may name a guest that does not exist yet, but no unknown path', async () => {
    await grant({ path: '/vms/4711', roles: 'PVEVMUser', users: 'nine@pve' });
    const seen = await admin('/access/acl', {
      method: 'PUT',
      form: { path: '/nonsense', roles: 'PVEVMUser', users: 'nine@pve' },
    });
    expect([seen.status, seen.body.errors.path]).toEqual([400, "invalid ACL path '/nonsense'"]);
  });

  test('to a missing role or token die with 500', async () => {
    const put = (fields: Record<string, string>): Promise<string> =>
      admin('/access/acl', { method: 'PUT', form: { path: '/', ...fields } }).then(
        ({ status, reason }) => `${status} ${reason}`,
      );
    expect(await put({ roles: 'Nix', users: 'nine@pve' })).toBe("500 role 'Nix' does not exist");
    expect(await put({ roles: 'PVEAdmin', tokens: 'nine@pve!nix' })).toBe(
      "500 no such token 'nix' for user 'nine@pve'",
    );
  });
});

describe('refusals', () => {
  test('name path and privilege, alternatives with a bar, and nothing where a rule has branches', async () => {
    const empty = asToken(double, double.credentials.emptyToken);
    const reason = async (path: string, form?: Record<string, string | number>): Promise<string> => {
      const seen = await empty(path, form === undefined ? {} : { form });
      return `${seen.status} ${seen.reason}`;
    };
    expect(await reason('/nodes/pve/qemu/9000/config')).toBe(
      '403 Permission check failed (/vms/9000, VM.Audit)',
    );
    expect(await reason('/nodes/pve/qemu/101/agent/network-get-interfaces')).toBe(
      '403 Permission check failed (/vms/101, VM.GuestAgent.Audit|VM.GuestAgent.Unrestricted)',
    );
    expect(await reason('/nodes/pve/qemu/9000/clone', { newid: 300 })).toBe(
      '403 Permission check failed (/vms/9000, VM.Clone)',
    );
    await grant({ path: '/vms/9000', roles: 'PVETemplateUser', tokens: 'maker@pve!empty' });
    expect(await reason('/nodes/pve/qemu/9000/clone', { newid: 300 })).toBe('403 Permission check failed');
  });

  test('of root-only calls meet every token, also root’s own', async () => {
    const seen = await asToken(double, double.credentials.rootToken)('/nodes/pve/execute', { form: {} });
    expect([seen.status, seen.reason]).toEqual([403, 'Permission check failed (user != root@pam)']);
    const root = await asUser(double, double.credentials.root);
    expect((await root('/nodes/pve/execute', { form: {} })).status).toBe(500);
  });

  test('come before faults in the parameters', async () => {
    const nine = asToken(double, double.credentials.nineToken);
    expect((await nine('/nodes/pve/qemu/9000/clone', { form: { newid: 'x' } })).status).toBe(403);
    const flow = asToken(double, double.credentials.flowToken);
    expect((await flow('/nodes/pve/qemu/9000/clone', { form: { newid: 500, wrong: 1 } })).status).toBe(400);
  });
});

test('asking about others’ rights takes Sys.Audit on /access', async () => {
  const flow = asToken(double, double.credentials.flowToken);
  expect((await flow('/access/permissions?userid=auditor@pve')).status).toBe(403);
  const auditor = asToken(double, double.credentials.auditorToken);
  expect((await auditor('/access/permissions?userid=maker@pve!flow')).body.data['/vms']).toBeDefined();
});

test('a PVEAdmin of release 7 may hand out Administrator, one of release 9 may not', async () => {
  const seven = await startQuick({ http: true, release: '7' });
  for (const [host, status] of [
    [seven, 200],
    [double, 403],
  ] as const) {
    const session = asToken(host, host.credentials.adminToken);
    await grant({ path: '/', roles: 'PVEAdmin', users: 'nine@pve' }, session);
    const made = await session('/access/users/nine@pve/token/own', { form: { privsep: 0 } });
    const nine = asToken(host, { full: `nine@pve!own=${made.body.data.value}` });
    const form = { path: '/', roles: 'Administrator', users: 'nine@pve' };
    expect((await nine('/access/acl', { method: 'PUT', form })).status).toBe(status);
  }
  await seven.close();
});

test('a holder of VM.Allocate may share a guest only as far as its own rights go, from release 8', async () => {
  const nine = asToken(double, double.credentials.nineToken);
  const share = (roles: string): Promise<number> =>
    nine('/access/acl', { method: 'PUT', form: { path: '/vms/101', roles, users: 'auditor@pve' } }).then(
      (seen) => seen.status,
    );
  expect(await share('TerraformNine')).toBe(200);
  expect(await share('PVEVMUser')).toBe(403);
});
