import { type ProxmoxDouble, startProxmoxDouble } from '../../src/doubles/proxmox/double.ts';
import { proxmoxAs } from '../support/doubles.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

/** Ids of what was made, for addresses that lead to one of them. */
export interface Sample {
  readonly token: string;
  readonly serviceToken: string;
  readonly connection: string;
  /** A machine that runs. */
  readonly machine: string;
  /** A job that failed. */
  readonly job: string;
}

/** A small team's Tessera in use, beside a stand-in for its Proxmox VE. */
export interface Team {
  readonly server: TestServer;
  readonly double: ProxmoxDouble;
  readonly sample: Sample;
  close(): Promise<void>;
}

export async function startTeam(): Promise<Team> {
  const double = await startProxmoxDouble({ delayScale: 0, cloneMs: 10, taskMs: 5, bootMs: 5 });
  const server = await startTestServer({
    environment: {
      UBUNTU_2204_TEMPLATE_ID: '9000',
      UBUNTU_2004_TEMPLATE_ID: '9001',
      TESSERA_MACHINE_QUOTA: 'vms=8,cores=16,memory=32768',
    },
  });
  return {
    server,
    double,
    sample: { ...(await fillPeople(server)), ...(await fillSystems(server, double)) },
    async close() {
      await server.close();
      await double.close();
    },
  };
}

async function make(server: TestServer, path: string, body: unknown) {
  const answer = await server.call('POST', path, { token: server.admin, body });
  if (answer.status >= 300) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
  return answer.json;
}

/** Waits for the end of a job. */
export async function ended(server: TestServer, id: string): Promise<string> {
  for (;;) {
    const { json } = await server.call('GET', `/api/v1/jobs/${id}`, { token: server.admin });
    if (json.ended) return id;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A connection, a route that was called, a machine that runs and one that could not be made. */
async function fillSystems(
  server: TestServer,
  double: ProxmoxDouble,
): Promise<Pick<Sample, 'connection' | 'machine' | 'job'>> {
  const post = (path: string, body: unknown) => make(server, path, body);
  const { connection } = await post('/api/v1/connections', proxmoxAs('pve-lab', double));
  await post('/api/v1/routes', { name: 'lab', connection: 'pve-lab' });
  const reader = await post('/api/v1/tokens', { name: 'terraform', scopes: ['read:lab'], expires_in: '60d' });
  for (const path of ['nodes', 'cluster/resources'])
    await server.call('GET', `/connect/lab/api2/json/${path}`, { token: reader.token });
  await server.call('POST', '/connect/lab/api2/json/nodes/pve/qemu/100/status/stop', { token: reader.token });

  double.failStep('start', "unable to start: volume 'local-lvm:vm-901-cloudinit' does not exist", 9);
  const failed = await post('/api/v1/machines', { name: 'build-7', connection: 'pve-lab', cores: 4 });
  await ended(server, failed.id);
  double.calm();
  const made = await post('/api/v1/machines', {
    name: 'web-1',
    connection: 'pve-lab',
    ssh_keys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDemo maya@laptop'],
  });
  const machine = await ended(server, made.id);
  leaveStrays(double, machine);
  return { connection: connection.id, job: failed.id, machine };
}

/** A copy that somebody made of a machine, and a guest of a Tessera that is gone. */
function leaveStrays({ cluster }: ProxmoxDouble, job: string): void {
  const [guest] = [...cluster.guests.values()].filter(({ config }) => config.get('name') === 'web-1');
  if (guest === undefined) throw new Error('no such guest');
  for (const [vmid, name, mark] of [
    [700, 'web-1-before-upgrade', job],
    [701, 'old-ci', 'of-the-old-server'],
  ] as const)
    cluster.guests.set(vmid, {
      ...guest,
      vmid,
      running: false,
      config: new Map([
        ...guest.config,
        ['name', name],
        ['tags', `tessera;tessera-job-${mark}`],
        ['description', ''],
      ]),
      pending: new Map(),
    });
}

/** People, roles, tokens near and far from their end. */
async function fillPeople(server: TestServer): Promise<Pick<Sample, 'token' | 'serviceToken'>> {
  const post = (path: string, body: unknown) => make(server, path, body);
  for (const [name, description] of [
    ['read:grafana', 'See the dashboards'],
    ['write:backups', 'Store backups on the NAS'],
    ['deploy:website', 'Publish the website'],
  ])
    await post('/api/v1/scopes', { name, description });
  await post('/api/v1/roles', {
    name: 'operators',
    description: 'Look after machines and dashboards',
    scopes: ['read:grafana', 'read:connections', 'read:machines', 'write:machines'],
  });
  await post('/api/v1/roles', {
    name: 'auditors',
    description: 'Read what happened',
    scopes: ['read:audit'],
  });
  for (const [username, name, email, roles] of [
    ['maya', 'Maya Lindqvist', 'maya@example.com', ['operators', 'auditors']],
    ['tom', 'Tom Okafor', 'tom@example.com', ['operators']],
    ['ines', 'Inês Duarte', null, []],
  ] as const)
    await post('/api/v1/users', {
      username,
      name,
      ...(email === null ? {} : { email }),
      roles: [...roles],
      password: PASSWORD,
    });

  const backup = await post('/api/v1/tokens', {
    name: 'backup on nas',
    description: 'Nightly, from the cupboard under the stairs',
    scopes: ['write:backups'],
    expires_in: '90d',
  });
  await post('/api/v1/tokens', {
    name: 'laptop',
    scopes: ['user:token', 'read:connections', 'read:grafana', 'read:audit'],
    expires_in: '30d',
  });
  await post('/api/v1/tokens', { name: 'ci of the website', scopes: ['deploy:website'], expires_in: '5d' });
  await post('/api/v1/tokens', { name: 'watchtower', user: 'maya', roles: ['operators'], expires_in: '20d' });
  const lost = await post('/api/v1/tokens', {
    name: 'old phone',
    scopes: ['read:grafana'],
    expires_in: '365d',
  });
  await server.call('DELETE', `/api/v1/tokens/${lost.details.id}`, { token: server.admin });
  const metrics = await post('/api/v1/service-tokens', {
    username: 'bot-metrics',
    description: 'Collector on rack 2; ask Maya',
    scopes: ['write:sasquatch'],
    expires_in: '365d',
  });
  await post('/api/v1/service-tokens', {
    username: 'bot-renovate',
    description: 'Opens pull requests',
    scopes: ['deploy:website'],
    expires_in: '12d',
  });
  // Used, so that lists have a last use to tell of.
  await server.call('GET', '/ingress/auth?scope=write:backups', {
    token: backup.token,
    headers: { 'x-original-url': 'https://nas.example.com/', 'x-original-method': 'GET' },
  });
  await server.call('PATCH', `/api/v1/tokens/${backup.details.id}`, {
    token: server.admin,
    body: { expires_in: '60d' },
  });
  return { token: backup.details.id, serviceToken: metrics.details.id };
}
