import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeAll, proxmox, proxmoxAs } from '../connections/support.ts';
import { count, type Lab, lab } from './lab.ts';

let home: Lab;
beforeAll(async () => {
  home = await lab('sqlite');
});
afterAll(closeAll);

const search = async () => (await home.server.api('GET', '/strays')).json;

test('strays are found by their mark over the whole cluster and all connections, and removed one by one', async () => {
  const { double, server, ended } = home;
  const other = await proxmox();
  for (const [name, at] of [
    ['twin', double],
    ['elsewhere', other],
  ] as const)
    await server.api('POST', '/connections', proxmoxAs(name, at));
  const made = await server.api('POST', '/machines', { name: 'kept', connection: 'pve' });
  const kept = await ended(made.json.id);
  expect((await search()).items).toEqual([]);

  const guest = double.cluster.guests.get(kept.machine.vmid);
  if (guest === undefined) throw new Error('no such guest');
  const copy = (at: typeof double, vmid: number, config: Record<string, string>, running = false) =>
    at.cluster.guests.set(vmid, {
      ...guest,
      vmid,
      running,
      config: new Map(Object.entries({ name: `copy-${vmid}`, memory: '512', ...config })),
      pending: new Map(),
    });
  copy(double, 700, { tags: 'tessera;tessera-job-of-a-lost-database' }, true);
  copy(double, 701, { tags: `tessera;tessera-job-${kept.id}` });
  copy(other, 702, { tags: 'web', description: 'nobody has a mark here' });
  copy(other, 703, { tags: 'tessera', description: 'tessera-job-of-another' });
  const { items, unsearched } = await search();
  const places = items.map(({ connection, vmid }: { connection: { name: string }; vmid: number }) => [
    connection.name,
    vmid,
  ]);
  expect(places.sort()).toEqual([
    ['elsewhere', 703],
    ['pve', 700],
    ['pve', 701],
  ]);
  expect(unsearched).toEqual([]);

  const before = count(double) + count(other);
  for (const [name, vmid] of places) {
    const removed = await server.api('DELETE', `/strays/${name}/${vmid}`);
    expect([removed.status, removed.json.vmid], removed.text).toEqual([200, vmid]);
  }
  expect(count(double) + count(other)).toBe(before - 3);
  expect((await search()).items).toEqual([]);
  expect((await server.api('DELETE', `/strays/pve/${kept.machine.vmid}`)).status).toBe(404);
  expect((await server.api('DELETE', '/strays/elsewhere/702')).status).toBe(404);
  expect(double.cluster.guests.has(kept.machine.vmid)).toBe(true);
  const rows = (await server.api('GET', '/audit?limit=50')).json.items;
  expect(rows.filter((row: { detail: { stray?: boolean } }) => row.detail.stray).length).toBe(3);
});

test('a connection that cannot be searched is named, and strays are for those who may manage connections', async () => {
  const { double, server } = home;
  await double.setFault('REFUSED', true);
  const { unsearched } = await search();
  await double.setFault('REFUSED', false);
  expect(unsearched.map(({ connection }: { connection: string }) => connection).sort()).toEqual([
    'pve',
    'twin',
  ]);
  await server.api('POST', '/roles', { name: 'maker', description: 'makes', scopes: ['write:machines'] });
  const maker = await server.user('maker', ['maker']);
  expect((await server.api('GET', '/strays', undefined, maker)).status).toBe(403);
});

test('a clone whose database was lost before it was tagged is found by its description; running ones are not read', async () => {
  const { double, server } = home;
  const [sample] = double.cluster.guests.values();
  if (sample === undefined) throw new Error('no guest');
  const place = (vmid: number, running: boolean, config: Record<string, string>) =>
    double.cluster.guests.set(vmid, {
      ...sample,
      vmid,
      running,
      config: new Map(Object.entries({ name: `clone-${vmid}`, memory: '512', ...config })),
      pending: new Map(),
    });
  place(710, false, { description: 'Made by Tessera for alice. tessera-job-of-a-lost-database' });
  place(711, false, { description: 'a machine of somebody' });
  place(712, true, { description: 'runs' });
  const asked = double.requests.length;
  const { items } = await search();
  const vmids = items.map(({ vmid }: { vmid: number }) => vmid);
  expect(vmids).toEqual([710]);
  expect(items[0]).toMatchObject({ job: 'of-a-lost-database', state: null, owner: null });
  const read = double.requests.slice(asked).filter(({ path }) => /qemu\/712\/config/.test(path));
  expect(read).toEqual([]);
  const again = double.requests.length;
  expect((await server.api('DELETE', '/strays/pve/710')).status).toBe(200);
  const others = double.requests.slice(again).filter(({ path }) => /qemu\/711\/config/.test(path));
  expect([others, double.cluster.guests.has(710)]).toEqual([[], false]);
  for (const vmid of [711, 712]) double.cluster.guests.delete(vmid);
});

test('a node that does not answer is named, because clones without a tag may lie there', async () => {
  const { double } = home;
  const sample = [...double.cluster.guests.values()].find(({ node }) => node === 'pve');
  if (sample === undefined) throw new Error('no guest');
  const config = new Map([['name', 'untagged']]);
  double.cluster.guests.set(720, { ...sample, vmid: 720, running: false, config, pending: new Map() });
  await double.setFault('NODE_OFFLINE', true);
  const { unsearched } = await search();
  await double.setFault('NODE_OFFLINE', false);
  expect(unsearched).toContainEqual({
    connection: 'pve',
    problem: expect.stringContaining('could not be read on pve'),
  });
});
