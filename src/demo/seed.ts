import type { Tessera } from '../client/index.ts';
import type { ForemanDouble } from '../doubles/foreman/double.ts';
import type { ProxmoxDouble } from '../doubles/proxmox/double.ts';

export interface Surroundings {
  readonly url: string;
  readonly open: (token: string) => Tessera;
  readonly proxmox: ProxmoxDouble;
  readonly foreman: ForemanDouble;
  readonly serviceUrl: string;
  readonly alicePassword: string;
  /** Told before each part. */
  readonly step: (text: string) => void;
}

export interface Seeded {
  /** Good for reading the cluster through the route `lab`. */
  readonly labToken: string;
  readonly botToken: string;
}

/** What an installation looks like after some weeks of use, made through the client as a person would. */
export async function seed(admin: Tessera, around: Surroundings): Promise<Seeded> {
  const { proxmox, foreman, serviceUrl, alicePassword, step } = around;

  step('connections: two to Proxmox, one to Foreman');
  const pin = (fingerprint: string) => ({ mode: 'pin' as const, fingerprint });
  await admin.connections.create({
    name: 'pve-lab',
    kind: 'proxmox',
    url: proxmox.url,
    trust: pin(proxmox.fingerprint),
    credential: { secret: proxmox.credentials.flowToken.full },
  });
  // A token with privilege separation that nobody gave rights to: kept as it is, to be found and mended.
  await admin.connections.create({
    name: 'pve-annex',
    kind: 'proxmox',
    url: proxmox.url,
    trust: pin(proxmox.fingerprint),
    credential: { secret: proxmox.credentials.emptyToken.full },
    test: false,
  });
  await admin.connections.test('pve-annex');
  await admin.connections.create({
    name: 'foreman',
    kind: 'foreman',
    url: foreman.url,
    trust: pin(foreman.fingerprint),
    credential: { secret: foreman.credentials.inventoryToken.pair },
  });

  step('machines: one that could not be made, one that can');
  await makeMachines(admin, proxmox);

  step('routes: who may reach what');
  await admin.routes.create({ name: 'lab', connection: 'pve-lab' });
  await admin.routes.create({ name: 'hosts', connection: 'foreman' });
  await admin.routes.create({
    name: 'metrics',
    to: serviceUrl,
    presets: false,
    rules: [{ methods: ['POST'], path: '/topics/**', scopes: ['write:sasquatch'] }],
  });

  step('people, roles and tokens');
  await admin.roles.create({
    name: 'operator',
    description: 'Looks after machines',
    scopes: ['read:machines', 'write:machines', 'read:lab', 'power:lab', 'read:hosts'],
  });
  await admin.roles.create({
    name: 'auditor',
    description: 'Reads the trail',
    scopes: ['read:audit', 'read:connections'],
  });
  await admin.users.create({
    username: 'alice',
    name: 'Alice Example',
    email: 'alice@example.com',
    password: alicePassword,
    roles: ['operator'],
  });
  await admin.users.create({ username: 'bruno', name: 'Bruno Example', roles: ['auditor'] });
  const mint = (user: string, name: string, description: string, expires_in: string, scopes?: string[]) =>
    admin.tokens.create({ user, name, description, expires_in, ...(scopes === undefined ? {} : { scopes }) });
  await mint('alice', 'laptop', 'Scripts on the train', '90d');
  await mint('alice', 'backup', 'Nightly copy of the inventory', '2d', ['read:hosts']);
  await mint('admin', 'terraform', 'Reads the cluster while planning', '7d', ['read:lab']);
  const lost = await mint('alice', 'old-laptop', 'Left on a train', '90d');
  await admin.tokens.revoke(lost.details.id);
  const lab = await mint('alice', 'lab-reader', 'For trying the route', '1d', ['read:lab']);
  const bot = await admin.tokens.createService({
    username: 'bot-metrics',
    scopes: ['write:sasquatch'],
    description: 'Writes metrics',
    expires_in: '90d',
  });

  step('calls, so that the trail has something to tell');
  await callAround(around, lab.token, bot.token);
  return { labToken: lab.token, botToken: bot.token };
}

async function makeMachines(admin: Tessera, proxmox: ProxmoxDouble): Promise<void> {
  const connection = 'pve-lab';
  proxmox.failStep('clone', "unable to create image: volume group 'pve' has insufficient free space", 9);
  const failed = await admin.machines.create({ name: 'build-7', connection, cores: 4, memory: 8192 });
  for await (const job of admin.jobs.follow(failed.id)) if (job.ended) break;
  proxmox.calm();
  // Under way while the rest is seeded, and for some seconds after.
  await admin.machines.create({
    name: 'web-1',
    connection,
    ssh_keys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDemoDemoDemo ada@example.com'],
  });
}

async function callAround({ url, open }: Surroundings, lab: string, bot: string): Promise<void> {
  const call = (token: string, method: string, path: string, body?: string): Promise<unknown> =>
    fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body }),
    }).then((answer) => answer.arrayBuffer());
  await call(lab, 'GET', '/connect/lab/api2/json/nodes');
  await call(lab, 'GET', '/connect/lab/api2/json/cluster/resources');
  // Refused, each for another reason.
  await call(lab, 'POST', '/connect/lab/api2/json/nodes/pve/qemu/100/status/stop');
  await call(lab, 'POST', '/connect/lab/api2/json/access/ticket');
  for (let line = 0; line < 3; line++) await call(bot, 'POST', '/connect/metrics/topics/lab', '{"load":0.4}');
  await call(bot, 'GET', '/connect/lab/api2/json/nodes');
  await open(bot).me();
}
