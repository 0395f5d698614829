import { ok, type Result } from '../../base/result.ts';
import type { Caller } from './identity/credentials.ts';
import { died, type Refusal } from './refusal.ts';
import { need } from './rights/rules.ts';
import type { Cluster, Guest } from './state.ts';

/** The guest's configuration lies on its own node; asked anywhere else it does not exist. */
export function loadGuest(
  cluster: Cluster,
  node: string,
  vmid: number,
  kind: Guest['kind'] = 'qemu',
): Result<Guest, Refusal> {
  const guest = cluster.guests.get(vmid);
  if (guest !== undefined && guest.node === node && guest.kind === kind) return ok(guest);
  const folder = kind === 'qemu' ? 'qemu-server' : 'lxc';
  return died(`Configuration file 'nodes/${node}/${folder}/${vmid}.conf' does not exist`);
}

/** The text of the refusal while another task holds the guest. */
export function lockFault(cluster: Cluster, guest: Guest): string | undefined {
  const template = guest.config.get('template') === '1';
  const lock =
    guest.config.get('lock') ?? (cluster.faults.has('VM_LOCKED') && template ? 'clone' : undefined);
  return lock === undefined ? undefined : `VM is locked (${lock})`;
}

export const bridgeOf = (net: string): string | undefined => /(?:^|,)bridge=([^,]+)/.exec(net)?.[1];

/** From release 8 a network card needs SDN.Use on its bridge, or on the tag below it. */
export function needBridge(cluster: Cluster, caller: Caller, net: string): Result<true, Refusal> {
  const bridge = bridgeOf(net);
  if (!cluster.edition.sdnOnBridges || bridge === undefined) return ok(true);
  const tag = /(?:^|,)tag=(\d+)/.exec(net)?.[1];
  const path = `/sdn/zones/localnetwork/${bridge}${tag === undefined ? '' : `/${tag}`}`;
  return need(cluster, caller, path, 'SDN.Use');
}

export function bridgeExists(cluster: Cluster, node: string, bridge: string): boolean {
  if (cluster.faults.has('BRIDGE_BAD') && bridge === 'vmbr0') return false;
  return cluster.nodes.get(node)?.interfaces.get(bridge)?.type === 'bridge';
}

export function newMac(cluster: Cluster): string {
  const tail = cluster.random(3).toString('hex').toUpperCase();
  return `BC:24:11:${tail.slice(0, 2)}:${tail.slice(2, 4)}:${tail.slice(4, 6)}`;
}

/** `virtio,bridge=vmbr0` gains an address of its own; one that was given stays. */
export function withMac(cluster: Cluster, net: string): string {
  const [model = 'virtio', ...rest] = net.split(',');
  const head = model.includes('=') ? model : `${model}=${newMac(cluster)}`;
  return [head, ...rest].join(',');
}

export const macOf = (net: string): string | undefined => /^[^=,]+=([0-9A-Fa-f:]{17})/.exec(net)?.[1];
