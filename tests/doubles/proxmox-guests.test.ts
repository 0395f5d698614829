import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProxmoxDouble } from '../../src/doubles/proxmox/double.ts';
import { encodeForm, type Seen } from './client.ts';
import { asToken, asUser, finished, type Session, settled, startQuick } from './proxmox-support.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFyLg+1/x0Vq2CrzWg+5m7yLLmW0JYg0zr1h1/8h8c1A me@host:22';
const once = (text: string): string => encodeURIComponent(text);

let double: ProxmoxDouble;
let flow: Session;
let root: Session;

beforeEach(async () => {
  double = await startQuick({ http: true });
  flow = asToken(double, double.credentials.flowToken);
  root = await asUser(double, double.credentials.root);
});

afterEach(() => double.close());

const line = ({ status, reason }: Seen): string => `${status} ${reason}`;
const clone = (session: Session, form: Record<string, string | number>, template = 9000): Promise<Seen> =>
  session(`/nodes/pve/qemu/${template}/clone`, { form });
const put = (session: Session, path: string, form: Record<string, string | number>): Promise<Seen> =>
  session(path, { method: 'PUT', form });
const VM = '/nodes/pve/qemu/100';

/** A clone of 9000 as guest 100. */
async function cloned(session = flow): Promise<void> {
  expect(
    await finished(session, '/nodes/pve/qemu/9000/clone', { form: { newid: 100, name: 'test-vm' } }),
  ).toBe('OK');
}

describe.each(['7', '8', '9'] as const)('on release %s', (release) => {
  test('the least role clones, configures, resizes, starts, asks for the address and destroys', async () => {
    const host = await startQuick({ http: true, release });
    const session = asToken(host, host.credentials.flowToken);
    const id = (await session('/cluster/nextid')).body.data;
    expect(id).toBe('100');
    const form = { newid: id, name: 'test-vm', full: 1, storage: 'local-lvm' };
    expect(await finished(session, '/nodes/pve/qemu/9000/clone', { form })).toBe('OK');
    const settings = {
      cores: 2,
      memory: 2048,
      ciuser: 'me',
      ipconfig0: 'ip=dhcp',
      sshkeys: once(KEY),
      agent: 1,
    };
    expect((await put(session, `${VM}/config`, settings)).body).toEqual({ data: null });
    const resized = await put(session, `${VM}/resize`, { disk: 'scsi0', size: '20G' });
    if (release === '7') expect(resized.body).toEqual({ data: null });
    else expect(await settled(session, resized.body.data)).toBe('OK');
    const config = (await session(`${VM}/config`)).body.data;
    expect(config).toMatchObject({ name: 'test-vm', cores: 2, sshkeys: once(KEY), agent: '1' });
    expect(config.memory).toBe(release === '7' ? 2048 : '2048');
    expect(config.scsi0).toBe('local-lvm:vm-100-disk-0,size=20G');
    expect(await finished(session, `${VM}/status/start`, { method: 'POST' })).toBe('OK');
    const { result } = (await session(`${VM}/agent/network-get-interfaces`)).body.data;
    const mac = /=([0-9A-F:]{17})/.exec(config.net0)?.[1]?.toLowerCase();
    const own = result.find((row: Record<string, unknown>) => row['hardware-address'] === mac);
    expect(own['ip-addresses']).toContainEqual(expect.objectContaining({ 'ip-address': '10.77.0.102' }));
    expect(line(await session(VM, { method: 'DELETE' }))).toBe('500 VM 100 is running - destroy failed');
    expect(await finished(session, `${VM}/status/stop`, { method: 'POST' })).toBe('OK');
    expect(await finished(session, `${VM}?purge=1&destroy-unreferenced-disks=1`, { method: 'DELETE' })).toBe(
      'OK',
    );
    expect((await session('/nodes/pve/qemu')).text).not.toContain('test-vm');
    await host.close();
  });
});

describe('a clone', () => {
  test('is locked until its task ends', async () => {
    const slow = await startQuick({ http: true, cloneMs: 60_000 });
    const session = asToken(slow, slow.credentials.flowToken);
    const upid = (await clone(session, { newid: 100 })).body.data;
    expect((await session(`${VM}/config`)).body.data.lock).toBe('clone');
    expect(line(await put(session, `${VM}/config`, { cores: 2 }))).toBe('500 VM is locked (clone)');
    expect((await session(`/nodes/pve/tasks/${upid}/status`)).body.data).toMatchObject({ status: 'running' });
    expect(await finished(session, `${VM}/status/start`, { method: 'POST' })).toBe('VM is locked (clone)');
    await session(`/nodes/pve/tasks/${upid}`, { method: 'DELETE' });
    expect((await session(`/nodes/pve/tasks/${upid}/status`)).body.data).toMatchObject({
      status: 'stopped',
      exitstatus: 'received interrupt',
    });
    expect((await session('/nodes/pve/qemu')).text).not.toContain('"vmid":100');
    await slow.close();
  });

  test('gets its own addresses, volumes and name', async () => {
    await cloned();
    const [template, made] = await Promise.all([flow('/nodes/pve/qemu/9000/config'), flow(`${VM}/config`)]);
    expect(made.body.data.net0).not.toBe(template.body.data.net0);
    expect(made.body.data.scsi0).toBe('local-lvm:base-9000-disk-0/vm-100-disk-0,size=2252M');
    expect(made.body.data.ide2).toContain('vm-100-cloudinit');
    expect(made.body.data.template).toBeUndefined();
  });

  test('is not a reservation: the same free id goes to both who ask, the second finds it taken', async () => {
    const ids = await Promise.all([flow('/cluster/nextid'), flow('/cluster/nextid')]);
    expect(ids.map((seen) => seen.body.data)).toEqual(['100', '100']);
    expect((await clone(flow, { newid: 100 })).status).toBe(200);
    expect(line(await clone(flow, { newid: 100 }))).toBe(
      '500 unable to create VM 100: config file already exists',
    );
    const asked = await flow('/cluster/nextid?vmid=100');
    expect([asked.status, asked.body.errors.vmid]).toEqual([400, 'VM 100 already exists']);
  });

  test('is refused with Proxmox’s words for each wrong parameter', async () => {
    const errors = async (form: Record<string, string | number>): Promise<unknown> =>
      (await clone(flow, form)).body.errors;
    expect(await errors({ newid: 100, name: 'bad name!' })).toEqual({
      name: 'invalid format - value does not look like a valid DNS name',
    });
    expect(await errors({ newid: 100, full: 'maybe' })).toEqual({
      full: "type check ('boolean') failed - got 'maybe'",
    });
    expect(await errors({ newid: 100, format: 'vdi' })).toEqual({
      format: "value 'vdi' does not have a value in the enumeration 'raw, qcow2, vmdk'",
    });
    expect(await errors({ newid: 5 })).toEqual({
      newid: 'invalid format - value does not look like a valid VM ID',
    });
    expect((await clone(root, {})).body.errors).toEqual({
      newid: 'property is missing and it is not optional',
    });
  });

  test('is refused with Proxmox’s words for each wrong storage or node', async () => {
    const full = (storage: string, more: Record<string, string | number> = {}): Promise<string> =>
      clone(flow, { newid: 100, full: 1, storage, ...more }).then(line);
    expect(await full('nowhere')).toBe("500 storage 'nowhere' does not exist");
    expect(await full('cold')).toBe("500 storage 'cold' is disabled");
    expect(await full('only-pve2')).toBe("500 storage 'only-pve2' is not available on node 'pve'");
    expect(await full('local')).toBe('400 Parameter verification failed.');
    expect(await full('shared-nfs', { target: 'pve2' })).toBe(
      "500 can't clone VM to node 'pve2' (VM uses local storage)",
    );
    expect(line(await clone(flow, { newid: 100, storage: 'shared-nfs' }))).toBe(
      "500 parameter 'storage' not allowed for linked clones",
    );
    expect(line(await flow('/nodes/pve2/qemu/9000/clone', { form: { newid: 100 } }))).toBe(
      "500 Configuration file 'nodes/pve2/qemu-server/9000.conf' does not exist",
    );
  });

  test('needs AllocateSpace on its storage and, from release 8, SDN.Use on the bridge', async () => {
    double.cluster.acl = double.cluster.acl.filter((entry) => entry.path !== '/storage');
    expect(line(await clone(flow, { newid: 100 }))).toBe(
      '403 Permission check failed (/storage/local-lvm, Datastore.AllocateSpace)',
    );
    const seven = await startQuick({ http: true, release: '7' });
    const eight = await startQuick({ http: true, release: '8' });
    for (const host of [seven, eight])
      host.cluster.acl = host.cluster.acl.filter((entry) => !entry.path.startsWith('/sdn'));
    expect((await clone(asToken(seven, seven.credentials.flowToken), { newid: 100 })).status).toBe(200);
    expect(line(await clone(asToken(eight, eight.credentials.flowToken), { newid: 100 }))).toBe(
      '403 Permission check failed (/sdn/zones/localnetwork/vmbr0, SDN.Use)',
    );
    await Promise.all([seven.close(), eight.close()]);
  });

  test('is possible through a pool one may allocate in, if the pool is named', async () => {
    const { cluster } = double;
    cluster.acl = cluster.acl.filter((entry) => entry.path !== '/vms');
    for (const [path, role] of [
      ['/pool/lab', 'CloneAndRun'],
      ['/vms/9000', 'PVETemplateUser'],
    ] as const)
      for (const [type, subject] of [
        ['user', 'maker@pve'],
        ['token', 'maker@pve!flow'],
      ] as const)
        cluster.acl.push({ path, type, subject, role, propagate: true });
    expect(line(await clone(flow, { newid: 100 }))).toBe('403 Permission check failed');
    expect((await clone(flow, { newid: 100, pool: 'lab' })).status).toBe(200);
  });
});

describe('settings', () => {
  beforeEach(() => cloned());

  test('need the privilege of each option, or any of two for cloud-init', async () => {
    double.cluster.roles.set('CloneAndRun', new Set(['VM.Audit', 'VM.Config.Network']));
    const change = (form: Record<string, string | number>): Promise<string> =>
      put(flow, `${VM}/config`, form).then(line);
    expect(await change({ cores: 2 })).toBe('403 Permission check failed (/vms/100, VM.Config.CPU)');
    expect(await change({ memory: 1024 })).toBe('403 Permission check failed (/vms/100, VM.Config.Memory)');
    expect(await change({ agent: 1 })).toBe('403 Permission check failed (/vms/100, VM.Config.Options)');
    expect(await change({ scsihw: 'lsi' })).toBe('403 Permission check failed (/vms/100, VM.Config.HWType)');
    expect(await change({ ciuser: 'x', ipconfig0: 'ip=dhcp' })).toBe('200 OK');
    expect(await change({ net0: 'virtio,bridge=vmbr0' })).toBe(
      '403 Permission check failed (/sdn/zones/localnetwork/vmbr0, SDN.Use)',
    );
    double.cluster.roles.set('CloneAndRun', new Set(['VM.Audit', 'VM.Config.Disk']));
    expect(await change({ ciuser: 'x' })).toBe(
      '403 Permission check failed (/vms/100, VM.Config.Cloudinit|VM.Config.Network)',
    );
  });

  test('of the address need VM.Config.Network in release 7', async () => {
    const seven = await startQuick({ http: true, release: '7' });
    const session = asToken(seven, seven.credentials.flowToken);
    await cloned(session);
    seven.cluster.roles.set('CloneAndRun', new Set(['VM.Config.Cloudinit']));
    expect(line(await put(session, `${VM}/config`, { ipconfig0: 'ip=dhcp' }))).toBe(
      '403 Permission check failed (/vms/100, VM.Config.Network)',
    );
    await seven.close();
  });

  test('that only root may make are refused to every token with 500', async () => {
    const rootToken = asToken(double, double.credentials.rootToken);
    expect(line(await put(rootToken, `${VM}/config`, { args: '-x' }))).toBe(
      "500 only root can set 'args' config",
    );
    expect(line(await put(rootToken, `${VM}/config`, { usb0: 'host=1' }))).toBe(
      "500 only root can set 'usb0' config for real devices",
    );
    expect(line(await put(rootToken, `${VM}/config`, { hostpci0: '01:00' }))).toBe(
      "500 only root can set 'hostpci0' config for non-mapped devices",
    );
    const skipped = await put(rootToken, `${VM}/config`, { cores: 1, skiplock: 1 });
    expect([skipped.status, skipped.body.errors.skiplock]).toEqual([400, 'Only root may use this option.']);
    expect((await put(root, `${VM}/config`, { args: '-x' })).status).toBe(200);
  });

  test('take keys that were percent-encoded twice, and refuse raw or false ones', async () => {
    const raw = await put(flow, `${VM}/config`, { sshkeys: KEY });
    expect(raw.status).toBe(400);
    expect(raw.body.errors.sshkeys).toBe(`invalid format - invalid urlencoded string: ${KEY}`);
    expect(line(await put(flow, `${VM}/config`, { sshkeys: once('no key at all') }))).toBe(
      '500 SSH public key validation error',
    );
    expect((await put(flow, `${VM}/config`, { sshkeys: once(`${KEY}\n${KEY}`) })).status).toBe(200);
  });

  test('are refused when nothing is given, or somebody changed the guest meanwhile', async () => {
    expect(line(await put(flow, `${VM}/config`, {}))).toBe('500 no options specified');
    expect(line(await put(flow, `${VM}/config`, { cores: 2, digest: '0'.repeat(40) }))).toBe(
      '500 checksum mismatch (file change by other user?)',
    );
    const { digest } = (await flow(`${VM}/config`)).body.data;
    expect((await put(flow, `${VM}/config`, { cores: 2, digest })).status).toBe(200);
  });

  test('hide the password, give a card without address a new one, and join tags', async () => {
    await put(flow, `${VM}/config`, { cipassword: 'secret', net0: 'virtio,bridge=vmbr0', tags: 'a,b' });
    const config = (await flow(`${VM}/config`)).body.data;
    expect(config.cipassword).toBe('**********');
    expect(config.net0).toMatch(/^virtio=BC:24:11:[0-9A-F:]{8},bridge=vmbr0$/);
    expect(config.tags).toBe('a;b');
  });

  test('refuse a gateway without address, too little memory and unknown options', async () => {
    const seen = await put(flow, `${VM}/config`, { ipconfig0: 'gw=192.0.2.1', memory: 8, nonsense: 1 });
    expect(seen.body.errors).toEqual({
      ipconfig0: 'invalid format - gateway specified without specifying an IP address',
      memory: 'value must have a minimum value of 16',
      nonsense: 'property is not defined in schema and the schema does not allow additional properties',
    });
  });

  test('by POST run as a task', async () => {
    expect(await finished(flow, `${VM}/config`, { form: { cores: 3 } })).toBe('OK');
    expect((await flow(`${VM}/config`)).body.data.cores).toBe(3);
  });

  test('of a running guest wait for a stop and a start', async () => {
    await finished(flow, `${VM}/status/start`, { method: 'POST' });
    await put(flow, `${VM}/config`, { cores: 4 });
    expect((await flow(`${VM}/config?current=1`)).body.data.cores).toBe(1);
    expect((await flow(`${VM}/pending`)).body.data).toContainEqual({
      key: 'cores',
      value: '1',
      pending: '4',
    });
    await finished(flow, `${VM}/status/stop`, { method: 'POST' });
    expect((await flow(`${VM}/config?current=1`)).body.data.cores).toBe(4);
  });

  test('smaller than the disk are refused in the task, in release 7 at once', async () => {
    const shrink = { disk: 'scsi0', size: '1G' };
    expect(await finished(flow, `${VM}/resize`, { method: 'PUT', form: shrink })).toBe(
      'shrinking disks is not supported',
    );
    const seven = await startQuick({ http: true, release: '7' });
    const session = asToken(seven, seven.credentials.flowToken);
    await cloned(session);
    expect(line(await put(session, `${VM}/resize`, shrink))).toBe('500 shrinking disks is not supported');
    await seven.close();
  });

  test('of size add with a plus', async () => {
    await finished(flow, `${VM}/resize`, { method: 'PUT', form: { disk: 'scsi0', size: '+1G' } });
    expect((await flow(`${VM}/config`)).body.data.scsi0).toContain('size=3276M');
    expect((await put(flow, `${VM}/resize`, { disk: 'scsi0', size: 'big' })).body.errors.size).toBe(
      'value does not match the regex pattern',
    );
  });
});

describe('power', () => {
  test('a template, a running guest and a missing bridge fail in the start task', async () => {
    const start = (vmid: number): Promise<string> =>
      finished(root, `/nodes/pve/qemu/${vmid}/status/start`, { method: 'POST' });
    expect(await start(9000)).toBe("you can't start a vm if it's a template");
    expect(await start(101)).toBe('VM 101 already running');
    await cloned();
    await put(root, `${VM}/config`, { net0: 'virtio,bridge=vmbr7' });
    expect(await start(100)).toBe("bridge 'vmbr7' does not exist");
  });

  test('a protected guest is not destroyed', async () => {
    await cloned();
    await put(flow, `${VM}/config`, { protection: 1 });
    expect(line(await flow(VM, { method: 'DELETE' }))).toBe(
      "500 can't remove VM 100 - protection mode enabled",
    );
  });

  test('arguments of a DELETE go in the query', async () => {
    await cloned();
    const body = encodeForm({ purge: 1 });
    const seen = await flow(VM, {
      method: 'DELETE',
      body,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
    expect(line(seen)).toBe("501 Unexpected content for method 'DELETE'");
  });
});

describe('the guest agent', () => {
  const ask = (session = flow): Promise<Seen> => session(`${VM}/agent/network-get-interfaces`);

  test('answers only when set, started and running in the guest', async () => {
    await cloned();
    expect(line(await ask())).toBe('500 VM 100 is not running');
    await finished(flow, `${VM}/status/start`, { method: 'POST' });
    double.silenceAgent(true);
    expect(line(await ask())).toBe('500 QEMU guest agent is not running');
    double.silenceAgent(false);
    expect((await ask()).status).toBe(200);
    expect(line(await root('/nodes/pve2/qemu/102/agent/network-get-interfaces'))).toBe(
      '500 VM 102 is not running',
    );
    double.cluster.guests.get(100)?.config.delete('agent');
    expect(line(await ask())).toBe('500 No QEMU guest agent configured');
  });

  test('lists loopback and a container bridge before the guest’s own card, and shows a static address', async () => {
    await cloned();
    await put(flow, `${VM}/config`, { ipconfig0: 'ip=192.0.2.9/24,gw=192.0.2.1' });
    await finished(flow, `${VM}/status/start`, { method: 'POST' });
    const { result } = (await ask()).body.data;
    expect(result.map((row: { name: string }) => row.name)).toEqual(['lo', 'docker0', 'eth0', 'eth1']);
    expect(JSON.stringify(result[2])).toContain('192.0.2.9');
  });
});

describe('a task', () => {
  test('is read by the token that started it and by its owner, not by another token of the owner', async () => {
    const upid = (await clone(flow, { newid: 100 })).body.data;
    expect(upid).toMatch(/^UPID:pve:[0-9A-F]{8}:[0-9A-F]{8}:[0-9A-F]{8}:qmclone:9000:maker@pve!flow:$/);
    const path = `/nodes/pve/tasks/${encodeURIComponent(upid)}`;
    expect(await settled(flow, upid)).toBe('OK');
    const owner = await asUser(double, double.credentials.maker);
    expect((await owner(`${path}/status`)).body.data).toMatchObject({ user: 'maker@pve', tokenid: 'flow' });
    const other = asToken(double, double.credentials.emptyToken);
    expect(line(await other(`${path}/status`))).toBe('403 Permission check failed (/nodes/pve, Sys.Audit)');
    expect(line(await other(path, { method: 'DELETE' }))).toBe(
      '403 Permission check failed (/nodes/pve, Sys.Modify)',
    );
    expect((await asToken(double, double.credentials.auditorToken)(`${path}/status`)).status).toBe(200);
  });

  test('ends its log with its verdict', async () => {
    const upid = (await clone(flow, { newid: 100 })).body.data;
    await settled(flow, upid);
    const log = await flow(`/nodes/pve/tasks/${upid}/log?limit=1`);
    expect(log.body.data).toEqual([{ n: 1, t: 'create linked clone of drive scsi0' }]);
    expect(log.body.total).toBe(2);
    expect((await flow(`/nodes/pve/tasks/${upid}/log`)).body.data.at(-1).t).toBe('TASK OK');
  });

  test('is unknown to any other node, and a UPID of another shape is a parameter fault', async () => {
    const upid = (await clone(flow, { newid: 100 })).body.data;
    const elsewhere = await flow(`/nodes/pve2/tasks/${upid}/status`);
    expect([elsewhere.status, elsewhere.body.errors]).toEqual([400, { upid: 'no such task' }]);
    expect((await flow('/nodes/pve/tasks/nonsense/status')).status).toBe(400);
  });
});
