import { createHash } from 'node:crypto';
import type { Cluster, Guest } from '../state.ts';

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };
const DISK_KEY = /^(scsi|virtio|sata|ide)\d+$/;

/** Bytes of `20G`, `2252M`, `512`. */
export function bytesOf(size: string): number {
  const [, number, unit] = /^\+?(\d+(?:\.\d+)?)([KMGT]?)$/.exec(size) ?? [];
  return Number(number ?? 0) * (UNITS[unit ?? ''] ?? 1);
}

export function sizeText(bytes: number): string {
  if (bytes % (UNITS.G ?? 1) === 0) return `${bytes / (UNITS.G ?? 1)}G`;
  if (bytes % (UNITS.M ?? 1) === 0) return `${bytes / (UNITS.M ?? 1)}M`;
  return `${Math.ceil(bytes / 1024)}K`;
}

/** `size=` of a drive's setting, in bytes. */
export const driveBytes = (setting: string): number =>
  bytesOf(/(?:^|,)size=([^,]+)/.exec(setting)?.[1] ?? '0');

export const isCdrom = (setting: string): boolean => /(?:^|,)media=cdrom/.test(setting);

/** The drives that hold data: neither CD drives nor the cloud-init one. */
export function dataDisks(config: ReadonlyMap<string, string>): [string, string][] {
  return [...config].filter(([name, setting]) => DISK_KEY.test(name) && !isCdrom(setting));
}

export function bootDiskBytes(config: ReadonlyMap<string, string>): number {
  const first = /order=([^;,]+)/.exec(config.get('boot') ?? '')?.[1] ?? 'scsi0';
  return driveBytes(config.get(first) ?? '');
}

/** What a guest will look like after its next start. */
export function withPending(guest: Guest): Map<string, string> {
  const merged = new Map(guest.config);
  for (const [name, value] of guest.pending)
    if (value === null) merged.delete(name);
    else merged.set(name, value);
  return merged;
}

export const digestOf = (config: ReadonlyMap<string, string>): string =>
  createHash('sha1')
    .update([...config].map(([name, value]) => `${name}: ${value}\n`).join(''))
    .digest('hex');

const NUMERIC =
  /^(cores|sockets|vcpus|cpuunits|numa|onboot|template|protection|balloon|shares|ciupgrade|tablet|acpi|kvm)$/;

/** As the config call shows it: options as text, a few as numbers, the password as asterisks. */
export function presentConfig(
  cluster: Cluster,
  config: ReadonlyMap<string, string>,
): Record<string, unknown> {
  const rows = [...config].map(([name, value]): [string, unknown] => {
    if (name === 'cipassword') return [name, '**********'];
    const number = NUMERIC.test(name) || (name === 'memory' && cluster.edition.major === 7);
    return [name, number && /^\d+$/.test(value) ? Number(value) : value];
  });
  return { ...Object.fromEntries(rows), digest: digestOf(config) };
}

export const guestName = (guest: Guest): string =>
  guest.config.get('name') ?? guest.config.get('hostname') ?? `VM ${guest.vmid}`;

/** One row of the lists of guests. */
export function guestRow(cluster: Cluster, guest: Guest): Record<string, unknown> {
  const { config } = guest;
  const lock = config.get('lock');
  const tags = config.get('tags');
  const agentMemory = Number(config.get('memory') ?? 512) * 1024 ** 2;
  return {
    vmid: guest.vmid,
    name: guestName(guest),
    status: guest.running ? 'running' : 'stopped',
    cpus: Number(config.get('cores') ?? 1) * Number(config.get('sockets') ?? 1),
    maxmem: agentMemory,
    maxdisk: bootDiskBytes(config),
    mem: guest.running ? Math.floor(agentMemory / 3) : 0,
    uptime: guest.running ? Math.max(1, Math.floor((cluster.clock() - guest.startedAtMs) / 1000)) : 0,
    ...(config.get('template') === '1' ? { template: 1 } : {}),
    ...(lock === undefined ? {} : { lock }),
    ...(tags === undefined ? {} : { tags }),
  };
}
