import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { closeAll } from '../connections/support.ts';
import { count, type Lab, lab, ours } from './lab.ts';

let home: Lab;
beforeAll(async () => {
  home = await lab('sqlite', { cloneMs: 100 });
});
afterAll(closeAll);
beforeEach(() => home.afresh());

let names = 0;
/** Creates a machine and gives the id of its job. */
async function begin(): Promise<string> {
  names += 1;
  const made = await home.create({ name: `vm-${names}` });
  expect(made.status, made.text).toBe(202);
  return made.json.job_id;
}
const remove = (id: string) => home.server.api('DELETE', `/machines/${id}`);

test.each([
  ['GET', /\/qemu\/\d+\/config/, 'before'],
  ['PUT', /\/resize/, 'before'],
  ['POST', /\/status\/start/, 'before'],
  ['GET', /\/status\/current/, 'before'],
  ['GET', /tasks\/.*qmclone/, 'after'],
  ['GET', /tasks\/.*qmstart/, 'after'],
] as const)('a connection cut at %s %s, %s, makes one machine all the same', async (method, path, when) => {
  const { double, ended } = home;
  const before = ours(double).length;
  double.cutConnection({ method, path, when });
  const job = await ended(await begin());
  expect([job.state, ours(double).length], JSON.stringify(job)).toEqual(['done', before + 1]);
});

test.each([
  ['the stop', 'stop'],
  ['the task of the stop', 'stop-task'],
  ['the deletion', 'destroy'],
  ['the task of the deletion', 'destroy-task'],
] as const)(
  'where %s fails in the undo, what is left is named, and can be removed later',
  async (_, step) => {
    const { double, server, ended, until } = home;
    const before = count(double);
    double.silenceAgent(true);
    const id = await begin();
    await until(id, ({ state }) => state === 'waiting_ip');
    double.failStep(step, 'the disk is glued in', 9);
    await server.api('POST', `/jobs/${id}/cancel`);
    const job = await ended(id);
    expect([job.state, job.leftover], JSON.stringify(job)).toEqual([
      'failed',
      `guest ${job.machine.vmid} (${job.machine.name}) on pve`,
    ]);
    expect(job.steps.at(-1).note).toContain('glued in');
    expect(count(double)).toBe(before + 1);
    const listed = (await server.api('GET', '/machines')).json.items;
    expect(listed.map((each: { id: string }) => each.id)).toContain(id);
    double.calm();
    const removed = await remove(id);
    expect([removed.status, count(double)], removed.text).toEqual([200, before]);
  },
);

test('storage that fills up while the clone is written undoes the job', async () => {
  const { double, ended, until } = home;
  const before = count(double);
  const storage = double.cluster.storages.get('local-lvm');
  if (storage === undefined) throw new Error('no such storage');
  const { used } = storage;
  const id = await begin();
  await until(id, ({ machine }) => machine.vmid !== null);
  double.fillStorage('local-lvm');
  const job = await ended(id);
  storage.used = used;
  expect([job.state, count(double)], JSON.stringify(job)).toEqual(['rolled_back', before]);
  expect(job.problem.evidence + job.problem.sentence).toMatch(/space|full|free/i);
});

test('a node that goes away in the middle leaves a named guest, removed when the node is back', async () => {
  const { double, ended, until } = home;
  const before = count(double);
  double.silenceAgent(true);
  const id = await begin();
  await until(id, ({ machine }) => machine.vmid !== null);
  await double.setFault('NODE_OFFLINE', true);
  const job = await ended(id);
  await double.setFault('NODE_OFFLINE', false);
  expect([job.state, job.leftover, job.problem.code], JSON.stringify(job)).toEqual([
    'failed',
    `guest ${job.machine.vmid} (${job.machine.name}) on pve`,
    'NODE_OFFLINE',
  ]);
  await remove(id);
  expect(count(double)).toBe(before);
});

test('an upstream that is gone for good in the middle leaves a named guest, removed when it is back', async () => {
  const { double, ended, until } = home;
  const before = count(double);
  const id = await begin();
  await until(id, ({ machine }) => machine.vmid !== null);
  await double.setFault('REFUSED', true);
  const job = await ended(id);
  await double.setFault('REFUSED', false);
  expect([job.state, job.leftover], JSON.stringify(job)).toEqual([
    'failed',
    `guest ${job.machine.vmid} (${job.machine.name}) on pve`,
  ]);
  const removed = await remove(id);
  expect([removed.status, count(double)], removed.text).toEqual([200, before]);
});

test('rights that are missing are named', async () => {
  const { double, create } = home;
  await double.setFault('PRIV_MISSING', true);
  const answer = await create({ name: 'without-rights', disk_size: 21 });
  expect([answer.status, answer.text]).toEqual([424, expect.stringContaining('VM.Clone')]);
});

test('a guest that lost its mark is not deleted, and named', async () => {
  const { double, server, ended, until } = home;
  double.silenceAgent(true);
  const id = await begin();
  const { machine } = await until(id, ({ state }) => state === 'waiting_ip');
  const guest = double.cluster.guests.get(machine.vmid);
  guest?.config.set('description', 'mine now');
  guest?.config.delete('tags');
  await server.api('POST', `/jobs/${id}/cancel`);
  const job = await ended(id);
  expect([job.state, job.leftover], JSON.stringify(job)).toEqual([
    'failed',
    `guest ${machine.vmid} (${machine.name}) on pve`,
  ]);
  expect(guest).toMatchObject({ running: true });
  double.cluster.guests.delete(machine.vmid);
});

test('a machine that somebody moved to another node is stopped and deleted there', async () => {
  const { double, ended } = home;
  const before = count(double);
  const job = await ended(await begin());
  const guest = double.cluster.guests.get(job.machine.vmid);
  if (guest !== undefined) guest.node = 'pve2';
  const removed = await remove(job.id);
  expect([removed.status, count(double)], removed.text).toEqual([200, before]);
});

test('a job that waits for a place is cancelled at once', async () => {
  const { double, server, create, ended } = await lab(
    'sqlite',
    { cloneMs: 30_000 },
    { TESSERA_MACHINE_CLONES: '1' },
  );
  await create({ name: 'first' });
  const { job_id: id } = (await create({ name: 'second' })).json;
  await server.api('POST', `/jobs/${id}/cancel`);
  const job = await ended(id);
  expect([job.state, job.machine.vmid]).toEqual(['cancelled', null]);
  expect(
    double.requests.filter(({ method, url }) => method === 'POST' && url.endsWith('/clone')).length,
  ).toBe(1);
});

test('a step that takes longer than it may is undone', async () => {
  const { double, server, ended, until } = home;
  const before = count(double);
  Object.assign(double.cluster.durations, { cloneMs: 2500 });
  const id = await begin();
  await until(id, ({ machine }) => double.cluster.guests.has(machine.vmid));
  Object.assign(double.cluster.durations, { cloneMs: 100 });
  server.pass(1900);
  const job = await ended(id);
  expect([job.state, count(double)], JSON.stringify(job)).toEqual(['rolled_back', before]);
  expect(job.problem.sentence).toContain('the clone took too long');
});

test.each(['cores', 'tags'])('a system that says yes and does not set %s is not believed', async (key) => {
  const { double, ended, until } = home;
  const before = count(double);
  Object.assign(double.cluster.durations, { cloneMs: 1000 });
  const id = await begin();
  const { machine } = await until(id, ({ machine: { vmid } }) => double.cluster.guests.has(vmid));
  Object.assign(double.cluster.durations, { cloneMs: 100 });
  const { config } = double.cluster.guests.get(machine.vmid) ?? {};
  if (config === undefined) throw new Error('no such guest');
  const set = config.set.bind(config);
  config.set = (name, value) => (name === key ? config : set(name, value));
  const job = await ended(id);
  expect([job.state, count(double)], JSON.stringify(job)).toEqual(['rolled_back', before]);
  expect(job.problem.sentence).toContain(`${key} was set to`);
});

test('nobody cancels, retries, starts or stops what is of others without the right to manage connections', async () => {
  const { double, server, ended, until } = home;
  await server.api('POST', '/roles', { name: 'maker', description: 'makes', scopes: ['write:machines'] });
  const other = await server.user('other-maker', ['maker']);
  const machine = await ended(await begin());
  double.silenceAgent(true);
  const id = await begin();
  await until(id, ({ state }) => state === 'waiting_ip');
  for (const path of [
    `/jobs/${id}/cancel`,
    `/jobs/${id}/retry`,
    `/machines/${machine.id}/start`,
    `/machines/${machine.id}/stop`,
  ]) {
    const refused = await server.api('POST', path, undefined, other);
    expect([path, refused.status, refused.json.required_scopes]).toEqual([path, 403, ['admin:connections']]);
  }
  const reader = await server.user('only-looks', ['user']);
  for (const path of ['/machines', '/jobs', `/machines/${id}`, `/jobs/${id}`])
    expect([path, (await server.api('GET', path, undefined, reader)).status]).toEqual([path, 403]);
  await server.api('POST', `/jobs/${id}/cancel`);
  expect((await ended(id)).state).toBe('cancelled');
  await remove(machine.id);
});

test('what went wrong is an event for whoever looks after connections, and counted', async () => {
  const { double, server, ended } = home;
  double.failStep('config', 'the disk caught fire', 9);
  const job = await ended(await begin());
  expect(job.state).toBe('rolled_back');
  const { items } = (await server.api('GET', '/events')).json;
  const about = items.filter((event: { sentence: string }) =>
    event.sentence.includes(`'${job.machine.name}'`),
  );
  expect(about).toMatchObject([{ kind: 'machine_failed', connection: { name: 'pve' } }]);
  const kinds = items.map((event: { kind: string }) => event.kind);
  expect(kinds).toContain('machine_left_over');
  const metrics = (await server.call('GET', '/metrics')).text;
  expect(metrics).toMatch(/tessera_jobs_ended_total\{outcome="rolled_back"\} [1-9]/);
  expect(metrics).toMatch(/tessera_job_step_seconds_count\{step="cloning"\} [1-9]/);
  expect(metrics).toContain('tessera_jobs_running');
});
