import { row } from '../finding.ts';

/** Role of the recipe in the commands. */
const ROLE = 'TesseraVM';

/** Rows 55 to 75 of the diagnosis table: the things a task works with. */
export const OBJECT_ROWS = {
  NODE_UNKNOWN: row('objects', 'blocking', (a: { node: string; nodes: readonly string[]; near: string }) => [
    `There is no node ${a.node}; there is ${a.nodes.join(', ')}.${a.near === '' ? '' : ` Did you mean ${a.near}?`}`,
    `PROXMOX_NODE=${a.near === '' ? (a.nodes[0] ?? '') : a.near}`,
  ]),
  NODE_OFFLINE: row('objects', 'blocking', (a: { node: string; others: readonly string[] }) => [
    `The node ${a.node} is known but does not answer the cluster.`,
    `Check its power and network${a.others.length === 0 ? '' : `, or use ${a.others.join(' or ')}`}.`,
  ]),
  NODE_CERT: row('objects', 'blocking', (a: { node: string }) => [
    `The other nodes of the cluster reject the certificate of ${a.node}.`,
    `On ${a.node}: pvecm updatecerts --force; systemctl restart pveproxy`,
  ]),
  NO_QUORUM: row('objects', 'blocking', (_: object) => [
    'The cluster has lost its majority and is read-only.',
    'pvecm status; bring the other nodes back',
  ]),
  TEMPLATES_HIDDEN: row('rights', 'blocking', (a: { grant: string }) => [
    'You may not see guests; an empty list is no proof that there are none.',
    a.grant,
  ]),
  TEMPLATES_NONE: row('objects', 'blocking', (a: { storage: string }) => [
    'There is no template on any node.',
    `qm create 9000 --name ubuntu-template --memory 2048 --net0 virtio,bridge=vmbr0; qm importdisk 9000 IMAGE ${a.storage}; qm set 9000 --scsi0 ${a.storage}:vm-9000-disk-0 --ide2 ${a.storage}:cloudinit --boot order=scsi0 --agent enabled=1; qm template 9000`,
  ]),
  TEMPLATE_MISSING: row('objects', 'blocking', (a: { id: number; templates: readonly string[] }) => [
    `There is no guest ${a.id}; templates: ${a.templates.join(', ') || 'none'}.`,
    'Set UBUNTU_2204_TEMPLATE_ID to one of them.',
  ]),
  TEMPLATE_OTHER_NODE: row('objects', 'blocking', (a: { id: number; node: string; wanted: string }) => [
    `The template ${a.id} lies on ${a.node}, not on ${a.wanted}.`,
    `Clone there (node=${a.node}), or keep its disks on shared storage and name a target.`,
  ]),
  TEMPLATE_NOT: row('objects', 'blocking', (a: { id: number }) => [
    `${a.id} is an ordinary guest, not a template.`,
    `qm template ${a.id} # there is no way back`,
  ]),
  TEMPLATE_LXC: row('objects', 'blocking', (a: { id: number }) => [
    `${a.id} is a container.`,
    'Choose the template of a virtual machine.',
  ]),
  TEMPLATE_WRONG_OS: row('objects', 'warning', (a: { id: number; name: string; version: string }) => [
    `The template ${a.id} is "${a.name}"; asked for was Ubuntu ${a.version}.`,
    'Pick another from: tessera proxmox templates',
  ]),
  NO_CLOUDINIT: row('objects', 'warning', (a: { id: number; storage: string }) => [
    `The template ${a.id} has no cloud-init drive and cannot take settings.`,
    `qm set ${a.id} --ide2 ${a.storage}:cloudinit`,
  ]),
  NO_AGENT: row('objects', 'warning', (a: { id: number; guest: boolean }) => [
    a.guest
      ? `The guest ${a.id} runs, but its address cannot be read: no guest agent answers.`
      : `The template ${a.id} has no guest agent switched on: the address of a clone cannot be read.`,
    `qm set ${a.id} --agent enabled=1, and install qemu-guest-agent in the image`,
  ]),
  AGENT_DENIED: row('rights', 'warning', (a: { privilege: string }) => [
    'The right to ask the guest agent is missing.',
    `pveum role modify ${ROLE} --append 1 --privs ${a.privilege}`,
  ]),
  STORAGE_BAD: row(
    'objects',
    'blocking',
    (a: { storage: string; why: string; others: readonly string[] }) => [
      `The storage ${a.storage} cannot hold this disk: ${a.why}.`,
      `pvesm status${a.others.length === 0 ? '' : `; or choose ${a.others.join(' or ')}`}`,
    ],
  ),
  BRIDGE_BAD: row(
    'objects',
    'blocking',
    (a: { bridge: string; node: string; hidden: boolean; subject: string; bridges: readonly string[] }) => [
      a.hidden
        ? `The bridge ${a.bridge} is not visible to you.`
        : `There is no bridge ${a.bridge} on ${a.node}${a.bridges.length === 0 ? '' : `; there is ${a.bridges.join(', ')}`}.`,
      a.hidden
        ? `pveum acl modify /sdn/zones/localnetwork/${a.bridge} ${a.subject} --roles PVESDNUser`
        : 'Node, System, Network: create it, or name another.',
    ],
  ),
  VMID_TAKEN: row('objects', 'warning', (a: { id: string; next: string }) => [
    `The id ${a.id} was taken meanwhile${a.next === '' ? '' : `; ${a.next} is free`}.`,
    'Nothing to do: the next free id is tried, up to three times.',
  ]),
  VM_LOCKED: row('objects', 'blocking', (a: { id: string; lock: string }) => [
    `Another job holds ${a.id === '' ? 'the guest' : `guest ${a.id}`} (${a.lock}).`,
    `Wait for the task; only if none runs: qm unlock ${a.id === '' ? 'ID' : a.id}`,
  ]),
  DISK_SHRINK: row('objects', 'blocking', (a: { has: string; wanted: string }) => [
    `The disk of the template is ${a.has === '' ? 'larger than asked for' : `${a.has} GB already, and ${a.wanted} GB were asked for`}; disks do not shrink.`,
    a.has === '' ? 'Ask for at least the size of the template.' : `Ask for at least ${a.has} GB.`,
  ]),
  TASK_FAILED: row('objects', 'blocking', (a: { said: string; log: readonly string[] }) => [
    `Proxmox VE said: ${a.said}${a.log.length === 0 ? '' : ` (log: ${a.log.join(' / ')})`}`,
    "Open the task in the node's task history for the whole log.",
  ]),
};
