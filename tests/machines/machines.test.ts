import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { closeAll } from '../connections/support.ts';
import { ENGINES } from '../support/database.ts';
import { called, count, enlargeStorage, type Lab, lab } from './lab.ts';

afterAll(closeAll);

describe.each(ENGINES)('machines on %s', (engine) => {
  let home: Lab;
  beforeAll(async () => {
    home = await lab(engine);
    enlargeStorage(home.double);
  });
  beforeEach(() => home.afresh());

  async function trailOf(
    job: string,
  ): Promise<{ action: string; detail: { job?: string; state?: string } }[]> {
    const { items } = (await home.server.api('GET', '/audit?limit=50')).json;
    return items.filter(({ detail }: { detail: { job?: string } }) => detail.job === job);
  }

  test('the call of the guide makes a running machine of the asked size, with or without a content type', async () => {
    const { double, server, create, ended } = home;
    const nobody = await server.call('POST', '/api/agents/ubuntu/create', {
      body: { name: 'test-vm', version: '22.04' },
    });
    expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('Bearer'),
    ]);
    expect(nobody.json.fix).toContain('tessera token create');
    const made = await create(
      { name: 'test-vm', version: '22.04' },
      { 'content-type': 'application/x-www-form-urlencoded' },
    );
    expect(made.status, made.text).toBe(202);
    expect(made.json.vm).toEqual({ name: 'test-vm', version: '22.04', template_id: 9000, node: 'pve' });
    const job = await ended(made.json.job_id);
    expect(job.state, JSON.stringify(job)).toBe('done');
    const [guest] = called(double, 'test-vm');
    expect(guest).toMatchObject({ vmid: job.machine.vmid, node: 'pve', running: true });
    const config = Object.fromEntries(guest?.config ?? []);
    expect(config).toMatchObject({ name: 'test-vm', cores: '2', memory: '2048' });
    expect(config.scsi0).toContain('size=20G');
    expect(config.lock).toBeUndefined();
    expect(job.machine.ip).toMatch(/^10\.77\./);
    const status = await server.call('GET', made.json.status_url, { token: server.admin });
    expect(status.json).toMatchObject({ status: 'done', vmid: guest?.vmid, ip: job.machine.ip, node: 'pve' });
    const actions = (await trailOf(job.id)).map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(['job.created', 'job.step', 'job.ended']));
  });

  test('what cannot be is refused by name before anything is made', async () => {
    const { double, server, create } = home;
    const before = count(double);
    const refused = async (body: object, status: number, text: string) => {
      const answer = await create(body);
      expect([answer.status, answer.text], JSON.stringify(body)).toEqual([
        status,
        expect.stringContaining(text),
      ]);
    };
    await refused({ name: 'bad name!', version: '22.04' }, 400, 'bad-name');
    await refused({ name: 'vm', version: '19.10' }, 400, '20.04, 22.04');
    await refused({ name: 'x'.repeat(64), version: '22.04' }, 400, 'name');
    await refused({ name: 'vm', version: '22.04', colour: 'red' }, 400, 'colour');
    await refused({ name: 'web', version: '22.04' }, 409, 'web');
    await refused({ name: 'vm', disk_size: 1 }, 424, 'DISK_SHRINK');
    await refused({ name: 'vm', node: 'pve2' }, 424, 'TEMPLATE_OTHER_NODE');
    await refused({ name: 'vm', storage: 'nowhere' }, 424, 'STORAGE_BAD');
    await refused({ name: 'vm', network: 'vmbr9' }, 424, 'vmbr9');
    const reader = await server.user('reader');
    const answer = await server.call('POST', '/api/agents/ubuntu/create', {
      token: reader,
      body: { name: 'vm' },
    });
    expect([answer.status, answer.json.required_scopes]).toEqual([403, ['write:machines']]);
    const storage = double.cluster.storages.get('local-lvm');
    const used = storage?.used;
    double.fillStorage('local-lvm');
    await home.afresh();
    await refused({ name: 'vm' }, 424, 'STORAGE_BAD');
    Object.assign(storage ?? {}, { used });
    expect(count(double)).toBe(before);
  });

  test.each([
    'TEMPLATE_MISSING',
    'TEMPLATE_OTHER_NODE',
    'TEMPLATE_NOT',
    'TEMPLATE_LXC',
    'TEMPLATE_WRONG_OS',
    'NO_CLOUDINIT',
    'NO_AGENT',
    'PRIV_MISSING',
    'NODE_OFFLINE',
  ] as const)('%s is found before anything is made', async (code) => {
    const { double, create } = home;
    await double.setFault(code, true);
    const before = count(double);
    const node = code === 'TEMPLATE_OTHER_NODE' ? { node: 'pve' } : {};
    const answer = await create({ name: 'vm', version: '22.04', ...node });
    expect([answer.status, answer.text]).toEqual([424, expect.stringContaining(code)]);
    expect(count(double)).toBe(before);
  });

  test.each(['clone', 'clone-task', 'config', 'resize', 'resize-task', 'start', 'start-task'] as const)(
    'a failure at %s leaves nothing behind, and the trail shows both',
    async (step) => {
      const { double, server, create, ended } = home;
      const before = count(double);
      double.failStep(step, 'the disk caught fire', 9);
      const job = await ended((await create({ name: `fails-at-${step}` })).json.job_id);
      expect([job.state, job.problem.evidence + job.problem.sentence]).toEqual([
        'rolled_back',
        expect.stringContaining('caught fire'),
      ]);
      expect(count(double)).toBe(before);
      const states = (await trailOf(job.id)).map(({ detail }) => detail.state);
      expect(states).toEqual(expect.arrayContaining(['cloning', 'rolling_back', 'rolled_back']));
      double.calm();
      const again = await server.api('POST', `/jobs/${job.id}/retry`);
      expect(again.status, again.text).toBe(202);
      expect((await ended(again.json.id)).state).toBe('done');
    },
  );

  test('a silent agent is said so, and the machine stays', async () => {
    const { double, create, ended } = home;
    double.silenceAgent(true);
    const job = await ended((await create({ name: 'silent' })).json.job_id);
    expect([job.state, job.problem.code, job.machine.ip]).toEqual(['done_without_ip', 'NO_AGENT', null]);
    expect(called(double, 'silent')).toMatchObject([{ vmid: job.machine.vmid, running: true }]);
  });

  test.each([
    ['POST', '/clone', 'before'],
    ['POST', '/clone', 'after'],
    ['PUT', '/config', 'before'],
    ['PUT', '/config', 'after'],
    ['PUT', '/resize', 'after'],
    ['POST', '/status/start', 'after'],
    ['GET', '/tasks/', 'before'],
    ['GET', '/agent/', 'before'],
  ] as const)('a connection cut at %s %s, %s, makes one machine all the same', async (method, path, when) => {
    const { double, create, ended } = home;
    const before = count(double);
    Object.assign(double.cluster.durations, { cloneMs: 200 });
    double.cutConnection({ method, path, when });
    const name = `cut-${when}-${method}${path.replaceAll('/', '-')}x`.toLowerCase();
    const job = await ended((await create({ name })).json.job_id);
    expect([job.state, called(double, name).length, count(double)]).toEqual(['done', 1, before + 1]);
  });

  test('ids that others take are left alone, and the next is tried', async () => {
    const { double, create, ended } = home;
    double.raceNextId(2);
    const job = await ended((await create({ name: 'raced' })).json.job_id);
    expect(job.state).toBe('done');
    const others = [...double.cluster.guests.values()].filter((guest) =>
      guest.config.get('name')?.startsWith('somebody'),
    );
    expect(others.length).toBe(2);
  });

  test('ten at once get ten ids; the same key twice is one machine', async () => {
    const { double, create, ended } = home;
    const before = count(double);
    Object.assign(double.cluster.durations, { cloneMs: 100 });
    const made = await Promise.all(Array.from({ length: 10 }, (_, at) => create({ name: `vm-${at}` })));
    const jobs = await Promise.all(made.map((answer) => ended(answer.json.job_id)));
    expect(jobs.map((job) => job.state)).toEqual(Array(10).fill('done'));
    expect(new Set(jobs.map((job) => job.machine.vmid)).size).toBe(10);
    expect(count(double)).toBe(before + 10);
    const key = { 'idempotency-key': 'k1' };
    const twice = await Promise.all([create({ name: 'once' }, key), create({ name: 'once' }, key)]);
    expect(new Set(twice.map((answer) => answer.json.job_id)).size).toBe(1);
    expect((await create({ name: 'other' }, key)).status).toBe(409);
    expect((await create({ name: 'once', cores: 3 }, key)).status).toBe(409);
    expect((await create({ version: '22.04', name: 'once' }, key)).status).toBe(202);
    await ended(twice[0]?.json.job_id);
    expect((await create({ name: 'once' })).status).toBe(409);
  });

  test('jobs made within one second are listed newest first', async () => {
    const { server, ended } = home;
    const ids: string[] = [];
    for (const name of ['row-a', 'row-b', 'row-c', 'row-d'])
      ids.unshift((await server.api('POST', '/machines', { name })).json.id);
    const { items } = (await server.api('GET', '/jobs?limit=4')).json;
    expect(items.map(({ id }: { id: string }) => id)).toEqual(ids);
    await Promise.all(ids.map(ended));
  });

  test('a job is cancelled in the middle of its clone, and undone', async () => {
    const { double, server, create, ended } = home;
    const before = count(double);
    Object.assign(double.cluster.durations, { cloneMs: 1500 });
    const { job_id: id } = (await create({ name: 'cancelled' })).json;
    while ((await server.api('GET', `/jobs/${id}`)).json.machine.vmid === null);
    expect((await server.api('POST', `/jobs/${id}/cancel`)).status).toBe(202);
    expect((await ended(id)).state).toBe('cancelled');
    expect(count(double)).toBe(before);
    expect((await server.api('POST', `/jobs/${id}/cancel`)).status).toBe(409);
  });

  test('machines are stopped, started and deleted, each read back; nobody deletes those of others', async () => {
    const { double, server, create, ended } = home;
    await ended((await create({ name: 'switched' })).json.job_id);
    expect((await server.api('POST', '/machines/switched/stop')).status).toBe(200);
    expect(called(double, 'switched')[0]?.running).toBe(false);
    expect((await server.api('POST', '/machines/switched/start')).status).toBe(200);
    expect(called(double, 'switched')[0]?.running).toBe(true);
    await server.api('POST', '/roles', {
      name: 'maker',
      description: 'makes machines',
      scopes: ['write:machines'],
    });
    const other = await server.user('other', ['maker']);
    expect((await server.api('DELETE', '/machines/switched', undefined, other)).status).toBe(403);
    expect((await server.api('DELETE', '/machines/switched')).status).toBe(200);
    expect(called(double, 'switched')).toEqual([]);
    expect((await server.api('GET', '/machines')).text).not.toContain('switched');
    expect((await server.api('DELETE', '/machines/switched')).status).toBe(404);
  });

  test('what one user may hold is limited', async () => {
    const { create, ended } = await lab(engine, {}, { TESSERA_MACHINE_QUOTA: 'vms=2,cores=5,memory=65536' });
    expect((await create({ name: 'big', cores: 6 })).json.code).toBe('machine_quota');
    const made = [await create({ name: 'vm-1' }), await create({ name: 'vm-2' })];
    expect(made.map((answer) => answer.status)).toEqual([202, 202]);
    expect((await create({ name: 'vm-3', cores: 1 })).status).toBe(403);
    for (const answer of made) await ended(answer.json.job_id);
  });

  test('?wait=true answers when the machine runs, or why it does not', async () => {
    const { double, server } = home;
    const wait = (name: string) =>
      server.call('POST', '/api/agents/ubuntu/create?wait=true', { token: server.admin, body: { name } });
    const made = await wait('waited-for');
    expect([made.status, made.json.status, made.json.node]).toEqual([201, 'done', 'pve']);
    double.failStep('config', 'no', 9);
    const failed = await wait('waited-for-in-vain');
    expect([failed.status, failed.text]).toEqual([424, expect.stringContaining('Nothing of it is left')]);
  });
});
