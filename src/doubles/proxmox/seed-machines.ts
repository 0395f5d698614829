import { newMac } from './guest-access.ts';
import type { Cluster, Guest, Node, Storage } from './state.ts';

const GIB = 1024 ** 3;

export function seedNodes(cluster: Cluster): void {
  const bridge = (address?: string): Readonly<Record<string, string | number>> => ({
    type: 'bridge',
    active: 1,
    autostart: 1,
    ...(address === undefined
      ? { method: 'manual' }
      : { method: 'static', cidr: address, gateway: '10.77.0.1' }),
  });
  for (const [index, name] of ['pve', 'pve2'].entries()) {
    const node: Node = {
      name,
      id: index + 1,
      address: `10.77.0.${11 + index}`,
      online: true,
      // the answering node shows its real one as soon as it has a certificate
      fingerprint: cluster
        .random(32)
        .toString('hex')
        .toUpperCase()
        .replace(/(..)(?=.)/g, '$1:'),
      interfaces: new Map([
        ['eno1', { type: 'eth', active: 1, method: 'manual' }],
        ['vmbr0', bridge(`10.77.0.${11 + index}/16`)],
        ['vmbr1', bridge()],
      ]),
    };
    cluster.nodes.set(name, node);
  }
}

export function seedStorages(cluster: Cluster): void {
  const add = (name: string, more: Partial<Storage> & Pick<Storage, 'type' | 'content'>): void => {
    cluster.storages.set(name, {
      name,
      shared: false,
      linkedClones: false,
      disabled: false,
      total: 500 * GIB,
      used: 40 * GIB,
      files: new Map(),
      ...more,
    });
  };
  const iso = { format: 'iso', size: 2_104_408_064, content: 'iso' };
  add('local', {
    type: 'dir',
    content: ['iso', 'vztmpl', 'backup', 'snippets'],
    files: new Map([['local:iso/ubuntu-22.04.5-live-server-amd64.iso', iso]]),
  });
  add('local-lvm', { type: 'lvmthin', content: ['images', 'rootdir'], linkedClones: true });
  add('shared-nfs', { type: 'nfs', content: ['images', 'iso'], shared: true, linkedClones: true });
  add('only-pve2', { type: 'zfspool', content: ['images'], nodes: ['pve2'], linkedClones: true });
  add('cold', { type: 'dir', content: ['images'], disabled: true });
}

function add(cluster: Cluster, vmid: number, more: Partial<Guest> & Pick<Guest, 'config'>): void {
  cluster.guests.set(vmid, {
    vmid,
    kind: 'qemu',
    node: 'pve',
    running: false,
    startedAtMs: 0,
    pending: new Map(),
    agentAnswers: true,
    ...more,
  });
}

/** A cloud image made into a template: cloud-init drive, agent on, boot disk, one card. */
function template(cluster: Cluster, vmid: number, name: string): void {
  add(cluster, vmid, {
    config: new Map([
      ['agent', 'enabled=1'],
      ['boot', 'order=scsi0'],
      ['cores', '1'],
      ['ide2', `local-lvm:vm-${vmid}-cloudinit,media=cdrom,size=4M`],
      ['ipconfig0', 'ip=dhcp'],
      ['memory', '1024'],
      ['name', name],
      ['net0', `virtio=${newMac(cluster)},bridge=vmbr0`],
      ['ostype', 'l26'],
      ['scsi0', `local-lvm:base-${vmid}-disk-0,size=2252M`],
      ['scsihw', 'virtio-scsi-pci'],
      ['serial0', 'socket'],
      ['template', '1'],
      ['vga', 'serial0'],
    ]),
  });
}

export function seedGuests(cluster: Cluster): void {
  template(cluster, 9000, 'ubuntu-22.04-template');
  template(cluster, 9001, 'ubuntu-20.04-template');
  const ordinary = (name: string, vmid: number): Map<string, string> =>
    new Map([
      ['agent', '1'],
      ['boot', 'order=scsi0'],
      ['cores', '2'],
      ['memory', '2048'],
      ['name', name],
      ['net0', `virtio=${newMac(cluster)},bridge=vmbr0`],
      ['ostype', 'l26'],
      ['scsi0', `local-lvm:vm-${vmid}-disk-0,size=20G`],
    ]);
  add(cluster, 101, {
    config: ordinary('web', 101),
    running: true,
    startedAtMs: cluster.clock() - 86_400_000,
  });
  add(cluster, 102, { config: ordinary('database', 102), node: 'pve2', pool: 'lab' });
  add(cluster, 200, {
    kind: 'lxc',
    node: 'pve2',
    config: new Map([
      ['hostname', 'mail'],
      ['memory', '512'],
      ['ostype', 'debian'],
    ]),
  });
}
