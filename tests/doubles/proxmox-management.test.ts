import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProxmoxDouble } from '../../src/doubles/proxmox/double.ts';
import type { Seen } from './client.ts';
import { asToken, asUser, type Session, startQuick } from './proxmox-support.ts';

let double: ProxmoxDouble;
let admin: Session;

beforeEach(async () => {
  double = await startQuick({ http: true });
  admin = asToken(double, double.credentials.adminToken);
});

afterEach(() => double.close());

const line = ({ status, reason }: Seen): string => `${status} ${reason}`;
const TOKEN = '/access/users/maker@pve/token';

describe('tokens', () => {
  test('show their secret once, answers to forms as text and later reads as numbers', async () => {
    const made = await admin(`${TOKEN}/fresh`, { form: { expire: 1999999999, privsep: 1, comment: 'c' } });
    expect(made.body.data).toMatchObject({
      'full-tokenid': 'maker@pve!fresh',
      info: { expire: '1999999999', privsep: '1', comment: 'c' },
    });
    expect(made.body.data.value).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect((await admin(`${TOKEN}/fresh`)).body.data).toEqual({
      expire: 1999999999,
      privsep: 1,
      comment: 'c',
    });
    expect((await admin(TOKEN)).text).not.toContain(made.body.data.value);
  });

  test('are separated unless told otherwise, and exist once', async () => {
    await admin(`${TOKEN}/fresh`, { method: 'POST' });
    expect((await admin(`${TOKEN}/fresh`)).body.data.privsep).toBe(1);
    const again = await admin(`${TOKEN}/fresh`, { method: 'POST' });
    expect([again.status, again.body.errors]).toEqual([400, { tokenid: 'Token already exists.' }]);
  });

  test('may be made with an end in the past, and are dead then', async () => {
    const made = await admin(`${TOKEN}/dead`, { form: { expire: 1000 } });
    expect(made.status).toBe(200);
    const full = `maker@pve!dead=${made.body.data.value}`;
    expect((await asToken(double, { full })('/version')).status).toBe(401);
  });

  test('cannot manage even their owner’s tokens without User.Modify; the owner by ticket can', async () => {
    const flow = asToken(double, double.credentials.flowToken);
    expect(line(await flow(TOKEN))).toBe('403 Permission check failed');
    expect(line(await flow(`${TOKEN}/mine`, { method: 'POST' }))).toBe('403 Permission check failed');
    const owner = await asUser(double, double.credentials.maker);
    expect((await owner(`${TOKEN}/mine`, { method: 'POST' })).status).toBe(200);
    expect((await owner(`${TOKEN}/mine`, { method: 'DELETE' })).status).toBe(200);
  });

  test('of an unknown user are 403, unknown ones of a known user 500', async () => {
    expect((await admin('/access/users/nobody@pve/token')).status).toBe(403);
    expect(line(await admin(`${TOKEN}/none`))).toBe("500 no such token 'none' for user 'maker@pve'");
  });

  test('get a new secret by regenerate, keeping their grants, from release 9.2 on', async () => {
    const { flowToken } = double.credentials;
    const turned = await admin(`${TOKEN}/flow`, { method: 'PUT', form: { regenerate: 1 } });
    expect(turned.body.data['full-tokenid']).toBe(flowToken.tokenid);
    expect((await asToken(double, flowToken)('/version')).status).toBe(401);
    const renewed = asToken(double, { full: `${flowToken.tokenid}=${turned.body.data.value}` });
    expect((await renewed('/access/permissions')).body.data['/vms']).toBeDefined();
  });

  test.each(['7', '8', '9.1'] as const)('know no regenerate in release %s', async (release) => {
    const older = await startQuick({ http: true, release });
    const session = asToken(older, older.credentials.adminToken);
    const seen = await session(`${TOKEN}/flow`, { method: 'PUT', form: { regenerate: 1 } });
    expect(seen.status).toBe(400);
    expect(seen.body.errors.regenerate).toBe(
      'property is not defined in schema and the schema does not allow additional properties',
    );
    await older.close();
  });

  test('lose their grants when deleted and made again', async () => {
    await admin(`${TOKEN}/flow`, { method: 'DELETE' });
    const made = await admin(`${TOKEN}/flow`, { method: 'POST' });
    const again = asToken(double, { full: `maker@pve!flow=${made.body.data.value}` });
    expect((await again('/access/permissions')).body.data).toEqual({});
  });
});

describe('roles', () => {
  const create = (host: Session, roleid: string, privs: string): Promise<Seen> =>
    host('/access/roles', { form: { roleid, privs } });

  test('refuse VM.Monitor from release 9 on and create nothing', async () => {
    const seen = await create(admin, 'Old', 'VM.Audit,VM.Monitor');
    expect([seen.status, seen.reason]).toEqual([400, 'Parameter verification failed.']);
    expect(seen.body.errors.privs).toBe("invalid format - invalid privilege 'VM.Monitor'");
    expect(line(await admin('/access/roles/Old'))).toBe("500 role 'Old' does not exist");
  });

  test('list every privilege of the release under Administrator', async () => {
    const nine = (await admin('/access/roles/Administrator')).body.data;
    expect(Object.keys(nine)).toHaveLength(47);
    expect(nine['VM.Monitor']).toBeUndefined();
  });

  test('cannot be called like built-in ones, made twice, or changed when built in', async () => {
    expect((await create(admin, 'pveMine', 'VM.Audit')).status).toBe(400);
    await create(admin, 'Mine', 'VM.Audit');
    expect(line(await create(admin, 'Mine', 'VM.Audit'))).toBe(
      "500 create role failed: role 'Mine' already exists",
    );
    const change = { method: 'PUT', form: { privs: 'VM.Audit' } };
    expect(line(await admin('/access/roles/PVEAdmin', change))).toBe(
      "500 auto-generated role 'PVEAdmin' cannot be modified",
    );
    expect(line(await admin('/access/roles/PVEAdmin', { method: 'DELETE' }))).toBe(
      "500 auto-generated role 'PVEAdmin' cannot be deleted",
    );
  });

  test('may start with PVE in release 7', async () => {
    const seven = await startQuick({ http: true, release: '7' });
    expect((await create(asToken(seven, seven.credentials.adminToken), 'PVEMine', 'VM.Monitor')).status).toBe(
      200,
    );
    await seven.close();
  });

  test('are replaced by a change unless it appends', async () => {
    await create(admin, 'Mine', 'VM.Audit');
    await admin('/access/roles/Mine', { method: 'PUT', form: { privs: 'VM.Clone', append: 1 } });
    expect((await admin('/access/roles/Mine')).body.data).toEqual({ 'VM.Audit': 1, 'VM.Clone': 1 });
    await admin('/access/roles/Mine', { method: 'PUT', form: { privs: 'VM.Clone' } });
    expect((await admin('/access/roles/Mine')).body.data).toEqual({ 'VM.Clone': 1 });
  });

  test('leave their grants dangling when deleted', async () => {
    await admin('/access/roles/CloneAndRun', { method: 'DELETE' });
    expect((await asToken(double, double.credentials.flowToken)('/access/permissions')).body.data).toEqual(
      {},
    );
    const acl = (await admin('/access/acl')).body.data;
    expect(acl.some((row: { roleid: string }) => row.roleid === 'CloneAndRun')).toBe(true);
  });

  test('need Sys.Modify on /access, which a PVEAdmin lacks', async () => {
    await admin('/access/acl', { method: 'PUT', form: { path: '/', roles: 'PVEAdmin', users: 'nine@pve' } });
    const made = await admin('/access/users/nine@pve/token/own', { form: { privsep: 0 } });
    const nine = asToken(double, { full: `nine@pve!own=${made.body.data.value}` });
    expect(line(await create(nine, 'Mine', 'VM.Audit'))).toBe(
      '403 Permission check failed (/access, Sys.Modify)',
    );
  });
});

describe('users', () => {
  test('are made, changed, read and deleted with their grants', async () => {
    const made = await admin('/access/users', {
      form: { userid: 'new@pve', password: 'long-enough', comment: 'x' },
    });
    expect(made.body).toEqual({ data: null });
    expect(line(await admin('/access/users', { form: { userid: 'new@pve' } }))).toBe(
      "500 create user failed: user 'new@pve' already exists",
    );
    await admin('/access/users/new@pve', { method: 'PUT', form: { enable: 0, groups: 'operators' } });
    expect((await admin('/access/users/new@pve')).body.data).toEqual({
      enable: 0,
      expire: 0,
      comment: 'x',
      groups: ['operators'],
      tokens: {},
    });
    await admin('/access/acl', { method: 'PUT', form: { path: '/', roles: 'PVEAuditor', users: 'new@pve' } });
    await admin('/access/users/new@pve', { method: 'DELETE' });
    expect(line(await admin('/access/users/new@pve'))).toBe("500 no such user ('new@pve')");
    expect((await admin('/access/acl')).text).not.toContain('new@pve');
  });

  test('need a password of eight characters from release 8.3, of five before', async () => {
    const form = { userid: 'short@pve', password: 'sixsix' };
    const seen = await admin('/access/users', { form });
    expect(seen.body.errors.password).toBe('value must be at least 8 characters long');
    const older = await startQuick({ http: true, release: '8.2' });
    expect((await asToken(older, older.credentials.adminToken)('/access/users', { form })).status).toBe(200);
    await older.close();
  });

  test('show themselves to themselves by ticket, with groups as text and tokens when asked in full', async () => {
    const maker = await asUser(double, double.credentials.maker);
    const rows = (await maker('/access/users?full=1')).body.data;
    expect(rows).toHaveLength(1);
    expect(rows[0].groups).toBe('');
    expect(rows[0].tokens.map((row: { tokenid: string }) => row.tokenid)).toEqual(['flow', 'empty', 'old']);
  });
});
