import { defined } from '../../base/defined.ts';
import type { Context } from '../context.ts';
import { outcomeOf } from '../machines/outcome.ts';
import { publicKeys } from '../machines/ssh-keys.ts';
import { gibibytes, mebibytes, wholeNumber } from '../numbers.ts';

export interface Options {
  readonly name: string;
  readonly version?: string;
  readonly cores?: string;
  readonly memory?: string;
  readonly disk?: string;
  readonly sshKey?: readonly string[];
  readonly user?: string;
  readonly address?: string;
  readonly gateway?: string;
  readonly nameserver?: readonly string[];
  readonly node?: string;
  readonly storage?: string;
  readonly bridge?: string;
  readonly template?: string;
  readonly connection?: string;
  /** False with --no-wait. */
  readonly wait: boolean;
}

export async function run(options: Options, context: Context): Promise<number> {
  const { name, version, user, gateway, node, storage, bridge, connection } = options;
  const { cores, memory, disk, template, sshKey, nameserver } = options;
  const request = defined({
    name,
    version,
    connection,
    template: template === undefined ? undefined : wholeNumber('--template', template),
    node,
    cores: cores === undefined ? undefined : wholeNumber('--cores', cores),
    memory: memory === undefined ? undefined : mebibytes('--memory', memory),
    disk: disk === undefined ? undefined : gibibytes('--disk', disk),
    storage,
    bridge,
    user,
    ssh_keys: sshKey === undefined ? undefined : await publicKeys(sshKey, context.io.home),
    ip: options.address,
    gateway,
    nameservers: nameserver === undefined ? undefined : [...nameserver],
  });
  const tessera = await context.tessera();
  const job = await tessera.machines.create({ ...request, name });
  return outcomeOf(tessera, job, options.wait, context);
}
