import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProxmoxDouble } from '../../src/doubles/proxmox/double.ts';
import { failureCode } from './client.ts';
import { asToken, finished, type Session, settled, startQuick } from './proxmox-support.ts';

let double: ProxmoxDouble;
let flow: Session;
let admin: Session;
let auditor: Session;

beforeAll(async () => {
  double = await startQuick({ http: true });
  flow = asToken(double, double.credentials.flowToken);
  admin = asToken(double, double.credentials.adminToken);
  auditor = asToken(double, double.credentials.auditorToken);
});

afterAll(() => double.close());

const names = (rows: Record<string, string>[], key: string): (string | undefined)[] =>
  rows.map((row) => row[key]);

describe('lists', () => {
  test('of nodes are open, their load is not', async () => {
    expect((await flow('/nodes')).body.data[0].cpu).toBeUndefined();
    const [first] = (await auditor('/nodes')).body.data;
    expect(first).toMatchObject({ node: 'pve', status: 'online', maxcpu: 8 });
    expect(first.ssl_fingerprint).toMatch(/^([A-F0-9]{2}:){31}[A-F0-9]{2}$/);
  });

  test('of everything show each caller what it may see', async () => {
    const types = async (session: Session): Promise<string[]> =>
      (await session('/cluster/resources')).body.data.map((row: { type: string }) => row.type);
    expect([...new Set(await types(auditor))].sort()).toEqual(['lxc', 'node', 'qemu', 'sdn', 'storage']);
    const empty = asToken(double, double.credentials.emptyToken);
    expect([...new Set(await types(empty))]).toEqual(['node']);
    const vms = (await auditor('/cluster/resources?type=vm')).body.data;
    expect(vms).toContainEqual(expect.objectContaining({ id: 'qemu/9000', template: 1, node: 'pve' }));
    expect(vms).toContainEqual(expect.objectContaining({ vmid: 102, pool: 'lab' }));
    expect((await auditor('/cluster/resources?type=lamp')).status).toBe(400);
  });

  test('of storages take content and state into account', async () => {
    const images = (await flow('/nodes/pve/storage?content=images')).body.data;
    expect(names(images, 'storage')).toEqual(['local-lvm', 'shared-nfs', 'cold']);
    const enabled = (await flow('/nodes/pve/storage?content=images&enabled=1')).body.data;
    expect(names(enabled, 'storage')).toEqual(['local-lvm', 'shared-nfs']);
    expect(enabled[0].avail).toBe(enabled[0].total - enabled[0].used);
    const volumes = (await flow('/nodes/pve/storage/local-lvm/content?vmid=9000')).body.data;
    expect(volumes).toContainEqual(
      expect.objectContaining({ volid: 'local-lvm:base-9000-disk-0', vmid: 9000 }),
    );
  });

  test('of bridges leave out, from release 8, what one may neither see nor use', async () => {
    const bridges = async (session: Session): Promise<unknown> =>
      names((await session('/nodes/pve/network?type=any_bridge')).body.data, 'iface');
    expect(await bridges(flow)).toEqual(['vmbr0']);
    expect(await bridges(auditor)).toEqual(['vmbr0', 'vmbr1']);
    const seven = await startQuick({ http: true, release: '7' });
    expect(await bridges(asToken(seven, seven.credentials.emptyToken))).toEqual(['vmbr0', 'vmbr1']);
    await seven.close();
  });

  test('of pools and their members need rights on the pool', async () => {
    expect((await flow('/pools')).body.data).toEqual([]);
    expect((await auditor('/pools/lab')).body.data.members).toContainEqual({
      id: 'qemu/102',
      type: 'qemu',
      vmid: 102,
      node: 'pve2',
    });
  });
});

test('the next id is text, and an explicit one is checked', async () => {
  expect((await flow('/cluster/nextid')).body.data).toBe('100');
  expect((await flow('/cluster/nextid?vmid=150')).body.data).toBe('150');
  expect((await flow('/cluster/nextid?vmid=7')).body.errors.vmid).toContain('invalid format');
});

test('certificates are shown to every login, with the authority of the cluster', async () => {
  const secure = await startQuick();
  const rows = (await asToken(secure, secure.credentials.emptyToken)('/nodes/pve/certificates/info')).body
    .data;
  expect(rows[0].fingerprint).toBe(secure.fingerprint);
  expect(rows[1].pem).toBe(secure.ca);
  const [node] = (await asToken(secure, secure.credentials.emptyToken)('/nodes')).body.data;
  expect(node.ssl_fingerprint).toBe(secure.fingerprint);
  await secure.close();
});

test.each([
  ['7', '7.4-20', '7.4'],
  ['8', '8.4.21', '8.4'],
  ['9', '9.2.11', '9.2'],
] as const)('release %s calls itself %s', async (release, version, series) => {
  const host = await startQuick({ http: true, release });
  const seen = await asToken(host, host.credentials.emptyToken)('/version');
  expect(seen.body.data).toMatchObject({ version, release: series });
  await host.close();
});

describe('a console', () => {
  const path = '/api2/json/nodes/pve/qemu/101/vncwebsocket';

  /** Speaks the upgrade by hand; gives the socket, and what came back up to the blank line. */
  function upgrade(query: string, full: string): Promise<{ socket: Socket; head: string }> {
    return new Promise((resolve, reject) => {
      const socket = connect(double.port, '127.0.0.1');
      socket.on('error', reject);
      socket.once('data', (data) => resolve({ socket, head: data.toString() }));
      socket.write(
        `GET ${path}?${query} HTTP/1.1\r\nHost: pve\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: binary\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
          `Authorization: PVEAPIToken=${full}\r\n\r\n`,
      );
    });
  }
  const query = (data: { port: string; ticket: string }): string =>
    `port=${data.port}&vncticket=${encodeURIComponent(data.ticket)}`;

  test('opens with its ticket and carries frames back and forth', async () => {
    const { data } = (await admin('/nodes/pve/qemu/101/vncproxy', { form: { websocket: 1 } })).body;
    const { socket, head } = await upgrade(query(data), double.credentials.adminToken.full);
    expect(head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(head).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    expect(head).toContain('Sec-WebSocket-Protocol: binary');
    const mask = [1, 2, 3, 4];
    const text = [...Buffer.from('hello')].map((byte, index) => byte ^ (mask[index % 4] ?? 0));
    const echoed = new Promise<Buffer>((resolve) => socket.once('data', resolve));
    socket.write(Buffer.from([0x82, 0x85, ...mask, ...text]));
    expect(await echoed).toEqual(Buffer.concat([Buffer.from([0x82, 5]), Buffer.from('hello')]));
    socket.destroy();
  });

  test('does not open for another login, another ticket or without VM.Console', async () => {
    const { data } = (await admin('/nodes/pve/qemu/101/vncproxy', { form: { websocket: 1 } })).body;
    const { rootToken, adminToken, flowToken } = double.credentials;
    expect((await upgrade(query(data), rootToken.full)).head).toMatch(/^HTTP\/1\.1 401 /);
    expect((await upgrade('port=5900&vncticket=x', adminToken.full)).head).toMatch(/^HTTP\/1\.1 401 /);
    expect((await upgrade(query(data), flowToken.full)).head).toMatch(/^HTTP\/1\.1 403 .*VM\.Console/);
    expect((await flow('/nodes/pve/qemu/101/vncproxy', { form: {} })).status).toBe(403);
  });
});

describe('hooks for tests of machines', () => {
  let host: ProxmoxDouble;
  let session: Session;
  beforeAll(async () => {
    host = await startQuick({ http: true });
    session = asToken(host, host.credentials.flowToken);
  });
  afterAll(() => host.close());
  const clone = (newid: number) => session('/nodes/pve/qemu/9000/clone', { form: { newid } });

  test('make a call fail as often as ordered', async () => {
    host.failStep('clone', 'out of luck', 2);
    expect((await clone(300)).reason).toBe('out of luck');
    expect((await clone(300)).status).toBe(500);
    expect((await clone(300)).status).toBe(200);
  });

  test('make a task fail, and a failed clone vanish', async () => {
    host.failStep('clone-task', 'disk full');
    expect(await settled(session, (await clone(301)).body.data)).toBe('disk full');
    expect(host.cluster.guests.has(301)).toBe(false);
    await finished(session, '/nodes/pve/qemu/9000/clone', { form: { newid: 302 } });
    host.failStep('start-task', 'no memory');
    expect(await finished(session, '/nodes/pve/qemu/302/status/start', { method: 'POST' })).toBe('no memory');
    expect(host.cluster.guests.get(302)?.running).toBe(false);
  });

  test('cut the connection before or after the work', async () => {
    host.cutConnection({ path: '/clone', when: 'before' });
    expect(await failureCode(clone(310))).toBe('ECONNRESET');
    expect(host.cluster.guests.has(310)).toBe(false);
    host.cutConnection({ path: /clone$/, method: 'POST', when: 'after' });
    expect(await failureCode(clone(311))).toBe('ECONNRESET');
    expect(host.cluster.guests.has(311)).toBe(true);
    host.cutConnection({ nth: 2 });
    expect((await session('/version')).status).toBe(200);
    expect(await failureCode(session('/version'))).toBe('ECONNRESET');
    expect((await session('/version')).status).toBe(200);
  });

  test('let somebody else take the id first', async () => {
    host.raceNextId(1);
    expect((await clone(320)).reason).toBe('unable to create VM 320: config file already exists');
    expect(host.cluster.guests.get(320)?.config.get('name')).toBe('somebody-elses-320');
    expect((await clone(321)).status).toBe(200);
  });

  test('keep a new task unknown for a moment', async () => {
    host.delayTasks(1);
    const upid = (await clone(330)).body.data;
    const first = await session(`/nodes/pve/tasks/${upid}/status`);
    expect([first.status, first.body.errors]).toEqual([400, { upid: 'no such task' }]);
    expect((await session(`/nodes/pve/tasks/${upid}/status`)).status).toBe(200);
  });

  test('fill a storage, so that full clones and growing disks fail in their tasks', async () => {
    host.fillStorage('local-lvm');
    const form = { newid: 350, full: 1 };
    expect(await finished(session, '/nodes/pve/qemu/9000/clone', { form })).toBe(
      "clone failed: unable to create image: no space left on storage 'local-lvm'",
    );
    expect(host.cluster.guests.has(350)).toBe(false);
    await finished(session, '/nodes/pve/qemu/9000/clone', { form: { newid: 351 } });
    const grow = { method: 'PUT', form: { disk: 'scsi0', size: '+1G' } };
    expect(await finished(session, '/nodes/pve/qemu/351/resize', grow)).toContain('no space left');
    expect((await session('/nodes/pve/storage/local-lvm/status')).body.data.avail).toBe(0);
  });

  test('are all taken back by calm', async () => {
    host.failStep('clone', 'x');
    host.cutConnection({});
    host.delayTasks(3);
    host.calm();
    expect(await settled(session, (await clone(340)).body.data)).toBe('OK');
  });
});
