import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { PROGRAM } from '../support/process.ts';
import { closeAll, connectProxmox, later } from './support.ts';
import { type Ran, run, secureBroker } from './tools.ts';

/**
 * Terraform itself with the bpg provider itself, set up by nothing but what `tessera route snippet` prints and
 * `tessera run` hands over.
 */
const PROVIDER = fileURLToPath(new URL('../../.terraform-provider', import.meta.url));
const found =
  existsSync(join(PROVIDER, 'terraform-provider-proxmox')) &&
  (await run('terraform', ['version'], { CHECKPOINT_DISABLE: '1' })).code === 0;
if (!found)
  process.stderr.write(
    'terraform: the program or its bpg provider is not here; .ci/run builds the provider. It is NOT tested.\n',
  );

const MACHINE = `
resource "proxmox_virtual_environment_pool" "lab" {
  pool_id = "from-terraform"
  comment = "a=b & c"
}

resource "proxmox_virtual_environment_vm" "bumblebee" {
  name            = "bumblebee"
  node_name       = "pve"
  stop_on_destroy = true
  clone {
    vm_id = 9000
    full  = true
  }
  agent {
    enabled = false
  }
  cpu {
    cores = 4
  }
  memory {
    dedicated = 1024
  }
  # As the template has it.
  network_device {
    bridge = "vmbr0"
  }
  vga {
    type = "serial0"
  }
}
`;

describe.skipIf(!found)('Terraform with the bpg provider', () => {
  let tools: Awaited<ReturnType<typeof secureBroker>>;
  let pve: Awaited<ReturnType<typeof connectProxmox>>;
  let folder: string;

  beforeAll(async () => {
    tools = await secureBroker();
    pve = await connectProxmox(tools.server, 'rootToken');
    await tools.server.routeTo('lab', 'pve-lab', { port: await freePort() });
    folder = await mkdtemp(join(tmpdir(), 'tessera-terraform-'));
    later({ close: () => rm(folder, { recursive: true }) });
    // What is printed, and machines of one's own: no more than the folder of a person holds.
    await writeFile(join(folder, 'provider.tf'), await tools.snippet('lab', 'terraform'));
    await writeFile(join(folder, 'machine.tf'), MACHINE);
    await writeFile(
      join(folder, 'terraform.rc'),
      `provider_installation {\n  dev_overrides {\n    "bpg/proxmox" = "${PROVIDER}"\n  }\n  direct {}\n}\n`,
    );
  });
  afterAll(closeAll);

  /** Each with a folder of its own for what the provider remembers of the ids it asked for last. */
  const terraform = async (scope: string, ...args: string[]): Promise<Ran> =>
    run(
      process.execPath,
      [PROGRAM, 'run', '--connection', 'pve-lab', '--scope', scope, '--', 'terraform', ...args, '-no-color'],
      {
        ...tools.administrator,
        // As the printed remark says.
        SSL_CERT_FILE: tools.caFile,
        TF_CLI_CONFIG_FILE: join(folder, 'terraform.rc'),
        CHECKPOINT_DISABLE: '1',
        TMPDIR: await mkdtemp(join(folder, 'tmp-')),
      },
      { cwd: folder },
    );

  test('is told in Tessera’s words which scope its token lacks, and nothing was made', async () => {
    const ran = await terraform('read:lab', 'apply', '-auto-approve', '-input=false');
    expect(ran.code).toBe(1);
    expect(ran.stderr.replaceAll(/\s+/g, ' ')).toContain(
      'Tessera: The token is missing the scope configure:lab or all:lab',
    );
    expect([...pve.cluster.pools.keys()]).not.toContain('from-terraform');
    expect(pve.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  test('makes a machine, finds it as it made it, destroys it, and never sees the secret', async () => {
    const before = pve.requests.length;
    const machine = () =>
      [...pve.cluster.guests.values()].find(({ config }) => config.get('name') === 'bumblebee');
    const applied = await terraform('configure:lab', 'apply', '-auto-approve', '-input=false');
    expect([applied.code, applied.stderr]).toEqual([0, '']);
    expect(applied.stdout).toContain('2 added, 0 changed, 0 destroyed');
    expect([machine()?.running, machine()?.config.get('cores')]).toEqual([true, '4']);
    expect(pve.cluster.pools.get('from-terraform')?.comment).toBe('a=b & c');
    // 2 would say that something is not as it was asked for.
    const planned = await terraform('read:lab', 'plan', '-detailed-exitcode', '-input=false');
    expect([planned.code, planned.stderr]).toEqual([0, '']);
    const state = await readFile(join(folder, 'terraform.tfstate'), 'utf8');
    const destroyed = await terraform('configure:lab', 'destroy', '-auto-approve', '-input=false');
    expect([destroyed.code, destroyed.stderr]).toEqual([0, '']);
    expect(machine()).toBeUndefined();
    expect([...pve.cluster.pools.keys()]).not.toContain('from-terraform');

    const { secret, full } = pve.credentials.rootToken;
    for (const ran of [applied, planned, destroyed]) expect(ran.stdout).not.toContain(secret);
    expect(state).not.toContain(secret);
    expect(state).not.toContain('tsr-');
    const seen = pve.requests.slice(before);
    expect(seen.length).toBeGreaterThan(20);
    for (const { headers } of seen) expect(headers.authorization).toBe(`PVEAPIToken=${full}`);
  });

  test('leaves no token behind, and a row for each of its calls', async () => {
    const { items } = (await tools.server.api('GET', '/tokens?search=run%20terraform&state=all')).json;
    expect(items.length).toBeGreaterThan(0);
    expect(new Set(items.map(({ state }: { state: string }) => state))).toEqual(new Set(['revoked']));
    const rows = (await tools.server.api('GET', '/audit?route=lab&action=route.used&limit=500')).json.items;
    const ids = new Set(items.map(({ id }: { id: string }) => id));
    expect(rows.every(({ token }: { token: string }) => ids.has(token))).toBe(true);
    expect(rows.map(({ method, path }: { method: string; path: string }) => `${method} ${path}`)).toEqual(
      expect.arrayContaining(['POST /api2/json/pools', 'POST /api2/json/nodes/pve/qemu/9000/clone']),
    );
  });
});
