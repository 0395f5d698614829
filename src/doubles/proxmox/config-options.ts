import { ok, type Result } from '../../base/result.ts';
import type { Edition } from './editions.ts';
import { addressListFormat, dnsNameFormat, ipConfigFormat, tagsFormat, urlEncodedFormat } from './formats.ts';
import { needBridge } from './guest-access.ts';
import type { Caller } from './identity/credentials.ts';
import { died, type Refusal } from './refusal.ts';
import { need, needAny } from './rights/rules.ts';
import { type Field, optional, type Shape } from './schema.ts';
import type { Cluster } from './state.ts';

/** Which privilege an option asks for. */
type Group = 'cpu' | 'memory' | 'cloudinit' | 'options' | 'startup' | 'hardware' | 'disk' | 'rootOnly';

const text = optional('string');
const flag = optional('boolean');
const count = optional('integer', { minimum: 1 });

/** Options by group: only names in these tables exist for the double. */
const OPTIONS: Readonly<Record<Group, Readonly<Record<string, Field>>>> = {
  cpu: {
    cores: count,
    sockets: count,
    cpu: text,
    cpulimit: optional('number', { minimum: 0, maximum: 128 }),
    cpuunits: optional('integer', { minimum: 1, maximum: 262_144 }),
    numa: flag,
    vcpus: count,
  },
  memory: {
    memory: optional('integer', { minimum: 16 }),
    balloon: optional('integer', { minimum: 0 }),
    shares: optional('integer', { minimum: 0 }),
  },
  cloudinit: {
    ciuser: text,
    cipassword: text,
    sshkeys: optional('string', { format: urlEncodedFormat }),
    nameserver: optional('string', { format: addressListFormat }),
    searchdomain: text,
    citype: optional('string', { choices: ['configdrive2', 'nocloud', 'opennebula'] }),
    cicustom: text,
  },
  options: {
    agent: text,
    name: optional('string', { format: dnsNameFormat }),
    description: optional('string', { maxLength: 8192 }),
    onboot: flag,
    protection: flag,
    bios: optional('string', { choices: ['seabios', 'ovmf'] }),
    ostype: text,
    tags: optional('string', { format: tagsFormat }),
  },
  startup: { startup: text },
  hardware: {
    scsihw: text,
    vga: text,
    machine: text,
    tablet: flag,
    acpi: flag,
    kvm: flag,
    smbios1: text,
    watchdog: text,
    rng0: text,
  },
  disk: { boot: text, bootdisk: text },
  rootOnly: {
    args: text,
    arch: text,
    affinity: text,
    hookscript: text,
    lock: text,
    hugepages: text,
    ivshmem: text,
    vmgenid: text,
  },
};

const ipconfig = optional('string', { format: ipConfigFormat });
const NUMBERED: NonNullable<Shape['numbered']> = [
  { name: /^net\d+$/, field: text },
  { name: /^ipconfig\d+$/, field: ipconfig },
  { name: /^(scsi|virtio|sata|ide|unused)\d+$/, field: text },
  { name: /^(serial|usb|hostpci)\d+$/, field: text },
];

/** The parameters of both config calls on this release. */
export function configShape(edition: Edition): Shape {
  const upgrade = edition.major >= 8 ? { ciupgrade: flag } : {};
  const fields = Object.assign({}, ...Object.values(OPTIONS), upgrade) as Record<string, Field>;
  return {
    fields: { ...fields, delete: text, digest: text, revert: text, force: flag, skiplock: flag },
    numbered: NUMBERED,
  };
}

export const CONTROL_NAMES = new Set(['delete', 'digest', 'revert', 'force', 'skiplock', 'node', 'vmid']);

function groupOf(name: string): Group | undefined {
  if (name === 'ciupgrade') return 'cloudinit';
  return (Object.keys(OPTIONS) as Group[]).find((group) => name in OPTIONS[group]);
}

export interface OptionChange {
  readonly name: string;
  /** New value; absent when the option is deleted. */
  readonly value?: string;
  /** Value so far. */
  readonly previous?: string;
}

const CLOUDINIT_OR_NETWORK = ['VM.Config.Cloudinit', 'VM.Config.Network'];

function needDrive(
  cluster: Cluster,
  caller: Caller,
  path: string,
  change: OptionChange,
): Result<true, Refusal> {
  const setting = change.value ?? change.previous ?? '';
  if (/^[^:,]+:(?:.*\/)?(?:vm-\d+-)?cloudinit/.test(setting))
    return need(cluster, caller, path, 'VM.Config.CDROM', 'VM.Config.Cloudinit');
  if (/media=cdrom/.test(setting)) return need(cluster, caller, path, 'VM.Config.CDROM');
  const disk = need(cluster, caller, path, 'VM.Config.Disk');
  const volume = /^([^:,]+):\d+(?:,|$)/.exec(change.value ?? '')?.[1];
  return disk.ok && volume !== undefined
    ? need(cluster, caller, `/storage/${volume}`, 'Datastore.AllocateSpace')
    : disk;
}

/** Real devices of the host are for root alone. */
function needDevice(
  cluster: Cluster,
  caller: Caller,
  path: string,
  change: OptionChange,
): Result<true, Refusal> {
  const setting = change.value ?? change.previous ?? '';
  if (/^serial/.test(change.name) && setting === 'socket')
    return need(cluster, caller, path, 'VM.Config.HWType');
  if (/^usb/.test(change.name) && /^spice/.test(setting))
    return need(cluster, caller, path, 'VM.Config.HWType');
  const kind = /^hostpci/.test(change.name) ? 'non-mapped devices' : 'real devices';
  return caller.id === 'root@pam' ? ok(true) : died(`only root can set '${change.name}' config for ${kind}`);
}

/** Whether the caller may make one change; the privileges per option differ between releases. */
export function needOption(
  cluster: Cluster,
  caller: Caller,
  vmid: number,
  change: OptionChange,
): Result<true, Refusal> {
  const path = `/vms/${vmid}`;
  if (/^net\d+$/.test(change.name)) {
    const network = need(cluster, caller, path, 'VM.Config.Network');
    return network.ok && change.value !== undefined ? needBridge(cluster, caller, change.value) : network;
  }
  if (/^ipconfig\d+$/.test(change.name))
    return cluster.edition.cloudinitSetsAddress
      ? needAny(cluster, caller, path, CLOUDINIT_OR_NETWORK)
      : need(cluster, caller, path, 'VM.Config.Network');
  if (/^(scsi|virtio|sata|ide|unused)\d+$/.test(change.name)) return needDrive(cluster, caller, path, change);
  if (/^(serial|usb|hostpci)\d+$/.test(change.name)) return needDevice(cluster, caller, path, change);
  switch (groupOf(change.name)) {
    case 'cpu':
      return need(cluster, caller, path, 'VM.Config.CPU');
    case 'memory':
      return need(cluster, caller, path, 'VM.Config.Memory');
    case 'cloudinit':
      return needAny(cluster, caller, path, CLOUDINIT_OR_NETWORK);
    case 'options':
      return need(cluster, caller, path, 'VM.Config.Options');
    case 'startup': {
      const options = need(cluster, caller, path, 'VM.Config.Options');
      return options.ok ? need(cluster, caller, '/', 'Sys.Modify') : options;
    }
    case 'hardware':
      return need(cluster, caller, path, 'VM.Config.HWType');
    case 'disk':
      return need(cluster, caller, path, 'VM.Config.Disk');
    default:
      return caller.id === 'root@pam' ? ok(true) : died(`only root can set '${change.name}' config`);
  }
}
