import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ProxmoxDouble, startProxmoxDouble } from '../../src/doubles/proxmox/double.ts';
import { proxmoxAsPve } from '../support/doubles.ts';
import { PROGRAM } from '../support/process.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type Circumstances, type Desk, openDesk } from './harness.ts';
import { openTerminal } from './pseudo-terminal.ts';

/** One server, one stand-in and one desk for all; every test makes machines of its own names. */
let double: ProxmoxDouble;
let server: TestServer;
let desk: Desk;
let folder: string;

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGZvbyBiYXIgYmF6IHF1eCBxdXV4IGNvcmdl me@here';

beforeAll(async () => {
  double = await startProxmoxDouble({ delayScale: 0, cloneMs: 20, taskMs: 10, bootMs: 10 });
  server = await startTestServer({
    environment: {
      UBUNTU_2204_TEMPLATE_ID: '9000',
      UBUNTU_2004_TEMPLATE_ID: '9001',
      TESSERA_MACHINE_ADDRESS_WAIT: '2s',
    },
  });
  const made = await server.call('POST', '/api/v1/connections', {
    token: server.admin,
    body: proxmoxAsPve(double),
  });
  expect(made.status, made.text).toBe(201);
  desk = await openDesk();
  folder = await mkdtemp(join(tmpdir(), 'tessera-vm-'));
  await writeFile(join(folder, 'id.pub'), `# mine\n${KEY}\n`);
  await writeFile(join(folder, 'id'), '-----BEGIN OPENSSH PRIVATE KEY-----\n');
});
afterAll(async () => {
  await Promise.all([server.close(), double.close(), desk.clear(), rm(folder, { recursive: true })]);
});
beforeEach(() => {
  double.calm();
  double.silenceAgent(false);
});

const environment = () => ({ TESSERA_URL: server.url, TESSERA_TOKEN: server.admin });
const tessera = (line: string, circumstances: Circumstances = {}) =>
  desk.run(line.split(' '), { env: environment(), ...circumstances });
const guestNamed = (name: string) =>
  [...double.cluster.guests.values()].find((guest) => guest.config.get('name') === name);
const jobOf = async (name: string) => JSON.parse((await tessera(`vm show ${name} --json`)).stdout);

test('a machine is made as the flags say, step by step, and it ends with how to log in', async () => {
  const made = await tessera(
    `vm create web-1 --version 22.04 --cores 4 --memory 4G --disk 30G --ssh-key ${folder}/id.pub ` +
      '--address 10.5.0.7/24 --gateway 10.5.0.1 --nameserver 10.5.0.1,10.5.0.2 --user me --bridge vmbr0',
  );
  expect(made.code, made.stderr).toBe(0);
  const config = Object.fromEntries(guestNamed('web-1')?.config ?? []);
  expect(config).toMatchObject({
    cores: '4',
    memory: '4096',
    ciuser: 'me',
    ipconfig0: 'ip=10.5.0.7/24,gw=10.5.0.1',
    nameserver: '10.5.0.1 10.5.0.2',
    sshkeys: encodeURIComponent(KEY),
  });
  expect(config.scsi0).toContain('size=30G');
  expect(made.stdout).toBe(
    `web-1 runs: guest ${guestNamed('web-1')?.vmid} on pve, 10.5.0.7\nLog in:  ssh me@10.5.0.7\n`,
  );
  const steps = made.stderr.split('\n').map((line) => line.replace(/^ *\d+:\d\d {2}/, ''));
  expect(steps).toEqual([
    'queued',
    'cloning',
    'configuring',
    'resizing',
    'starting',
    'waiting for address',
    'done',
    '',
  ]);
});

test('on a terminal one line is drawn again and again, and gone in the end', async () => {
  const made = await tessera('vm create web-2', { answers: [] });
  expect(made.code, made.stderr).toBe(0);
  expect(made.stderr).toContain('0:00  web-2: cloning');
  expect(made.stderr.split('\r\u001b[K').at(-1)).toMatch(/^No key was given/);
  expect(made.stderr.split('\r\u001b[K').slice(0, -1).join('')).not.toContain('\n');
});

test('machines are listed, shown, stopped, started and deleted; deleting asks first', async () => {
  const empty = await tessera('vm list', { env: { ...environment(), TESSERA_TOKEN: await other() } });
  expect(empty.stdout).toContain('web-1');
  await tessera('vm create web-3');
  const { machine } = await jobOf('web-3');
  const listed = await tessera('vm list');
  expect(listed.stdout).toMatch(
    new RegExp(`^web-3 +running +${machine.vmid} +pve +${machine.ip} +22\\.04 +admin$`, 'm'),
  );
  const shown = await tessera('vm show web-3');
  expect(shown.stdout).toContain(`guest ${machine.vmid} on pve (connection pve)`);
  expect(shown.stdout).toContain(`ssh ubuntu@${machine.ip}`);
  expect(await tessera('vm stop web-3')).toMatchObject({ code: 0, stderr: 'web-3 is stopped.\n' });
  expect(guestNamed('web-3')?.running).toBe(false);
  expect((await tessera('vm list')).stdout).toMatch(/^web-3 +stopped /m);
  const { stdout } = await tessera('vm show web-3');
  expect(stdout).toMatch(/^State +stopped$/m);
  expect(stdout).toMatch(/^Job +\S+, done$/m);
  expect(await tessera('vm start web-3')).toMatchObject({ code: 0, stderr: 'web-3 runs.\n' });
  expect(guestNamed('web-3')?.running).toBe(true);
  expect((await tessera('vm delete web-3')).code).toBe(2);
  expect(await tessera('vm delete web-3', { answers: [false] })).toMatchObject({
    code: 1,
    stderr: 'error: Nothing was changed.\n',
  });
  expect(desk.asked.at(-1)).toBe(`Delete web-3 (guest ${machine.vmid} on pve)? Its disk is lost.`);
  expect(guestNamed('web-3')?.running).toBe(true);
  expect((await tessera('vm delete web-3 --yes')).stderr).toBe(
    `Deleted web-3 (guest ${machine.vmid} on pve).\n`,
  );
  expect(guestNamed('web-3')).toBeUndefined();
  const gone = await tessera('vm show web-3');
  expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining('tessera vm list') });
});

const other = async (): Promise<string> => {
  await server.call('POST', '/api/v1/roles', {
    token: server.admin,
    body: { name: 'looker', description: 'looks', scopes: ['read:machines'] },
  });
  return server.user('looker', ['looker']);
};

test('a machine without an address counts as made, and what is lacking is said', async () => {
  double.silenceAgent(true);
  const made = await tessera('vm create mute-1');
  expect(made.code).toBe(0);
  expect(made.stdout).toMatch(/^mute-1 runs: guest \d+ on pve\n/);
  expect(made.stdout).toContain('NO_AGENT');
  expect(made.stdout).toContain('qemu-guest-agent');
});

test('a failed step is told with what is left and how to try again; trying again makes the machine', async () => {
  double.failStep('start-task', 'the disk caught fire');
  const failed = await tessera('vm create again-1');
  expect(failed).toMatchObject({ code: 1, stdout: '' });
  expect(failed.stderr).toContain('error: again-1 could not be made.');
  expect(failed.stderr).toContain('caught fire');
  expect(failed.stderr).toContain('Nothing of it is left.');
  const [, id = ''] = /tessera job retry (\S+)/.exec(failed.stderr) ?? [];
  const shown = await tessera(`job show ${id}`);
  expect(shown.stdout).toMatch(/rolling back +Proxmox VE said: the disk caught fire/);
  double.calm();
  const again = await tessera(`job retry ${id}`);
  expect(again.stdout).toContain('again-1 runs');
  const json = await tessera('vm create again-2 --json');
  expect(JSON.parse(json.stdout)).toMatchObject({ state: 'done', machine: { name: 'again-2' } });
  double.failStep('start-task', 'no');
  const refused = await tessera('vm create again-3 --json');
  expect([refused.code, JSON.parse(refused.stdout).state]).toEqual([1, 'rolled_back']);
});

test('whoever does not wait is told how to follow; a job is cancelled and undone', async () => {
  double.silenceAgent(true);
  const begun = await tessera('vm create later-1 --no-wait');
  expect(begun.code).toBe(0);
  const [, id = ''] = /tessera job show (\S+) --follow/.exec(begun.stdout) ?? [];
  const cancelled = await tessera(`job cancel ${id}`);
  expect(cancelled.stderr).toContain('Cancelled; nothing of later-1 is left.');
  expect(guestNamed('later-1')).toBeUndefined();
  const listed = await tessera('job list');
  expect((await tessera('job list --limit 1')).stdout.trim().split('\n').length).toBe(3);
  expect(listed.stdout).toMatch(new RegExp(`^${id} +later-1 +cancelled +\\d{4}-`, 'm'));
  const late = await tessera(`job cancel ${id}`);
  expect(late).toMatchObject({ code: 1, stderr: expect.stringContaining('The job has ended.') });
});

test('what a failed undo left is named, and pruned after a question', async () => {
  expect((await tessera('vm prune')).stderr).toBe('Nothing is left over.\n');
  double.failStep('start-task', 'no');
  double.failStep('destroy-task', 'the storage is busy', 9);
  const failed = await tessera('vm create left-1');
  const { vmid } = guestNamed('left-1') ?? {};
  expect(failed.stderr).toContain(`Left over: guest ${vmid} (left-1) on pve.`);
  expect(failed.stderr).toContain('Then remove it: tessera vm delete left-1');
  double.calm();
  expect((await tessera('vm prune')).code).toBe(2);
  expect((await tessera('vm prune', { answers: [false] })).code).toBe(1);
  expect(desk.asked.at(-1)).toBe('Delete 1 guest with its disk?');
  expect(guestNamed('left-1')).toBeDefined();
  const pruned = await tessera('vm prune --yes');
  expect(pruned).toMatchObject({ code: 0, stderr: expect.stringContaining('Deleted left-1.') });
  expect(guestNamed('left-1')).toBeUndefined();
});

test('guests of jobs unknown here are named, and deleted for a word of its own', async () => {
  const [sample] = double.cluster.guests.values();
  if (sample === undefined) throw new Error('no guest');
  const description = 'Made by Tessera for somebody. tessera-job-of-another';
  const config = new Map([
    ['name', 'lost-1'],
    ['description', description],
  ]);
  double.cluster.guests.set(730, { ...sample, vmid: 730, running: false, config, pending: new Map() });
  const named = await tessera('vm prune --yes');
  expect([named.code, guestNamed('lost-1')?.vmid]).toEqual([0, 730]);
  expect(named.stderr).toBe(
    '1 guest of jobs unknown here, perhaps of another Tessera: see --unknown.\nNothing is left over.\n',
  );
  expect((await tessera('vm prune --unknown')).code).toBe(2);
  expect((await tessera('vm prune --unknown', { answers: [false] })).code).toBe(1);
  expect(guestNamed('lost-1')).toBeDefined();
  const pruned = await tessera('vm prune --unknown --yes');
  expect(pruned).toMatchObject({ code: 0, stderr: expect.stringContaining('job of-another unknown') });
  expect([pruned.stderr.includes('Deleted lost-1.'), guestNamed('lost-1')]).toEqual([true, undefined]);
});

test('while the system is down the list stays whole, and a search that was not made is no clean bill', async () => {
  await double.setFault('REFUSED', true);
  const listed = await tessera('vm list');
  const pruned = await tessera('vm prune');
  const json = await tessera('vm prune --json');
  await double.setFault('REFUSED', false);
  expect(listed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^web-1 +unknown /m) });
  expect(listed.stderr).toMatch(/^Unknown at pve: .*\n$/);
  expect(pruned.code).toBe(1);
  expect(pruned.stderr).toMatch(/^Not searched: pve: /);
  expect(pruned.stderr).not.toContain('Nothing is left over.');
  expect([json.code, json.stdout.trim()]).toEqual([1, '[]']);
});

test('Ctrl-C ends the waiting and not the job, and says how to follow or cancel it', async () => {
  // Built: Ctrl-C would reach the compiler that runs beside the sources, too.
  const built = [process.execPath, PROGRAM];
  double.silenceAgent(true);
  const terminal = openTerminal(['vm', 'create', 'long-1'], folder, environment(), built);
  await terminal.sees('long-1: waiting for address');
  terminal.interrupt();
  await terminal.sees('the job goes on');
  await terminal.sees(/Follow it: tessera job show \S+ --follow/);
  await terminal.sees(/Cancel it: tessera job cancel/);
  expect(await terminal.ended()).toBe(130);
  const [, id = ''] = /job cancel (\S+)/.exec(terminal.shown()) ?? [];
  const followed = await tessera(`job show ${id} --follow`);
  expect(followed.stdout).toContain('long-1 runs');
});

test('what is written wrongly is refused before anything is asked of the server', async () => {
  const wrong = async (line: string, text: string) =>
    expect(await tessera(line)).toMatchObject({ code: 2, stderr: expect.stringContaining(text) });
  await wrong('vm create x-1 --cores many', "--cores: 'many' is not a number.");
  await wrong('vm create x-1 --memory 4X', '--memory');
  await wrong('vm create x-1 --disk 0', '--disk');
  await wrong(`vm create x-1 --ssh-key ${folder}/id`, `Give the public one: ${folder}/id.pub`);
  await wrong('vm template build jammy', 'Write it as 22.04.');
  await wrong('vm template build 22.04 --storage a;b', '--storage');
  await wrong('vm template check --template 9000', '--template goes with one release.');
  expect(await tessera('vm create bad_name')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('bad-name'),
  });
});

test('templates are listed as the server and Proxmox VE know them, and checked', async () => {
  const listed = await tessera('vm template list');
  expect(listed.stdout).toMatch(/^22\.04 +9000 +ubuntu-22\.04-template +pve +yes +yes$/m);
  expect(await tessera('vm template check')).toMatchObject({
    code: 0,
    stdout: '✔ Ubuntu 20.04: template 9001 is ready\n✔ Ubuntu 22.04: template 9000 is ready\n',
  });
  const ordinary = await tessera('vm template check 22.04 --template 101');
  expect(ordinary).toMatchObject({ code: 5, stdout: expect.stringContaining('TEMPLATE_NOT') });
  await double.setFault('NO_CLOUDINIT', true);
  const bare = await tessera('vm template check 22.04');
  expect(bare).toMatchObject({ code: 5, stdout: expect.stringContaining('qm set 9000 --ide2') });
  await double.setFault('NO_CLOUDINIT', false);
  const odd = await tessera('vm template check 24.04');
  expect(odd).toMatchObject({ code: 1, stderr: expect.stringContaining('vm template build 24.04') });
});

test('the commands that build a template name release, id, storage and bridge', async () => {
  const built = await tessera('vm template build 24.04 --id 9002 --storage fast --bridge vmbr1');
  expect(built.code).toBe(0);
  expect(built.stdout).toContain('/releases/24.04/release/ubuntu-24.04-server-cloudimg-amd64.img');
  expect(built.stdout).toContain('--net0 virtio,bridge=vmbr1');
  expect(built.stdout).toContain('qm set 9002 --scsi0 fast:0,import-from=');
  expect(built.stdout).toContain('qm create 9002 ');
  expect(built.stdout).toContain('qm template 9002');
  expect(built.stderr).toContain('UBUNTU_2404_TEMPLATE_ID=9002');
});
