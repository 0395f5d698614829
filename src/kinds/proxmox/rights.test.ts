import { describe, expect, test } from 'vitest';
import { grantPaths, needsOf, RECIPES, rolePrivileges, type ServerRights, type TaskName } from './needs.ts';
import { compareRights, gapTexts, heldAt, type Permissions, stoppedGrants } from './rights.ts';

const VM =
  'Allocate Audit Backup Clone Config.CDROM Config.CPU Config.Cloudinit Config.Disk Config.HWType Config.Memory Config.Network Config.Options Console Migrate PowerMgmt Snapshot Snapshot.Rollback'
    .split(' ')
    .map((name) => `VM.${name}`);
const REST = [
  ...['Datastore.Allocate', 'Datastore.AllocateSpace', 'Datastore.AllocateTemplate', 'Datastore.Audit'],
  ...['SDN.Audit', 'SDN.Use', 'Sys.Audit', 'Sys.Modify', 'Pool.Audit', 'Pool.Allocate'],
];
const server = (major: number): ServerRights => ({
  major,
  known: new Set([
    ...VM,
    ...REST,
    ...(major < 9 ? ['VM.Monitor'] : ['VM.GuestAgent.Audit', 'VM.GuestAgent.Unrestricted']),
  ]),
});
const who = { user: 'tessera@pve', token: 'api' };
const role = (task: TaskName, major: number): string[] => rolePrivileges(needsOf(task, {}, server(major)));

describe('the role for cloning and running guests', () => {
  const common = [
    ...['VM.Allocate', 'VM.Audit', 'VM.Clone', 'VM.Config.CPU', 'VM.Config.Disk', 'VM.Config.Memory'],
    ...['VM.Config.Network', 'VM.Config.Options', 'VM.PowerMgmt', 'Datastore.AllocateSpace'],
  ];
  test.each([
    [7, ['VM.Monitor']],
    [8, ['VM.Monitor', 'SDN.Use']],
    [9, ['VM.GuestAgent.Audit', 'SDN.Use']],
  ])('holds exactly what release %i asks for', (major, more) => {
    expect(role('clone-vm', major)).toEqual([...common, ...more].sort());
  });
  test('never holds a privilege the server does not know', () => {
    for (const task of Object.keys(RECIPES) as TaskName[])
      for (const major of [7, 8, 9])
        for (const privilege of role(task, major)) expect(server(major).known).toContain(privilege);
  });
  test('is granted on branches, or on the objects where they are named', () => {
    expect(grantPaths(needsOf('clone-vm', {}, server(9)))).toEqual([
      '/sdn/zones/localnetwork',
      '/storage',
      '/vms',
    ]);
    const target = { storage: 'local-lvm', bridge: 'vmbr0', pool: 'lab', template: 9000 };
    expect(grantPaths(needsOf('clone-vm', target, server(9)))).toEqual([
      '/pool/lab',
      '/sdn/zones/localnetwork/vmbr0',
      '/storage/local-lvm',
      '/vms/9000',
    ]);
    expect(grantPaths(needsOf('clone-vm', { template: 9000 }, server(7)))).toEqual(['/storage', '/vms']);
    expect(grantPaths(needsOf('clone-vm', {}, server(7)))).toEqual(['/storage', '/vms']);
  });
});

describe('the role for an inventory', () => {
  test('only reads, on every release', () => {
    for (const major of [7, 8, 9])
      for (const privilege of role('inventory', major)) expect(privilege).toMatch(/\.Audit$/);
  });
});

describe('the role for terraform', () => {
  test('is the one for cloning plus hardware, cloud-init drives and uploads', () => {
    const more = role('terraform', 9).filter((privilege) => !role('clone-vm', 9).includes(privilege));
    expect(more).toEqual([
      'Datastore.AllocateTemplate',
      'Sys.Audit',
      'VM.Config.CDROM',
      'VM.Config.Cloudinit',
      'VM.Config.HWType',
    ]);
  });
});

const held = (entries: Record<string, readonly string[]>, reaches = true): Permissions =>
  new Map(
    Object.entries(entries).map(([path, names]) => [path, new Map(names.map((name) => [name, reaches]))]),
  );

describe('a comparison', () => {
  const target = { template: 9000, storage: 'local-lvm', bridge: 'vmbr0' };

  test('finds no gap in the role of the recipe', () => {
    const all = role('clone-vm', 9);
    const grants = held({
      '/vms': all,
      '/vms/9000': all,
      '/storage/local-lvm': all,
      '/sdn/zones/localnetwork/vmbr0': all,
    });
    const report = compareRights('clone-vm', target, server(9), grants, who);
    expect(gapTexts(report)).toEqual([]);
    expect(report).toMatchObject({ missing: [], fix: [] });
  });

  test('names path, privileges and steps of each gap, with commands for user and token', () => {
    const all = role('clone-vm', 9).filter((privilege) => !['VM.Clone', 'SDN.Use'].includes(privilege));
    const grants = held({ '/vms': all, '/vms/9000': all, '/storage/local-lvm': all });
    const report = compareRights('clone-vm', target, server(9), grants, who);
    expect(gapTexts(report)).toEqual([
      'VM.Clone on /vms/9000 (to clone)',
      'SDN.Use on /sdn/zones/localnetwork/vmbr0 (to use the bridge)',
    ]);
    expect(report.missing).toEqual(['SDN.Use', 'VM.Clone']);
    expect(report.fix).toContain(
      'pveum acl modify /sdn/zones/localnetwork/vmbr0 --users tessera@pve --roles TesseraVM',
    );
    expect(report.fix).toContain("pveum acl modify /vms --tokens 'tessera@pve!api' --roles TesseraVM");
  });

  test('takes any object of a branch where the task names none', () => {
    expect(heldAt(held({ '/storage/a': ['Datastore.Audit'] }), '/storage', ['Datastore.Audit'])).toBe(true);
    expect(heldAt(held({ '/storage/a': ['Datastore.Audit'] }), '/storage/b', ['Datastore.Audit'])).toBe(
      false,
    );
    expect(heldAt(held({ '/storage2': ['Datastore.Audit'] }), '/storage', ['Datastore.Audit'])).toBe(false);
  });

  test('accepts a pool in place of the ids of new guests', () => {
    const all = role('clone-vm', 9);
    const grants = held({
      '/pool/lab': all,
      '/vms/9000': all,
      '/vms/105': [],
      '/storage/local-lvm': all,
      '/sdn/zones/localnetwork/vmbr0': all,
    });
    const pooled = compareRights(
      'clone-vm',
      { ...target, pool: 'lab', newGuest: 105 },
      server(9),
      grants,
      who,
    );
    expect(gapTexts(pooled)).toEqual([]);
    expect(
      gapTexts(compareRights('clone-vm', { ...target, newGuest: 105 }, server(9), grants, who)),
    ).not.toEqual([]);
  });

  test('recognises a grant that stops at its own path', () => {
    const report = compareRights('clone-vm', target, server(9), held({}), who);
    expect(stoppedGrants(report, held({ '/': ['VM.Clone'] }, false))).toEqual({
      path: '/',
      privileges: ['VM.Clone'],
    });
    expect(stoppedGrants(report, held({ '/': ['VM.Clone'] }, true))).toBeUndefined();
  });
});
