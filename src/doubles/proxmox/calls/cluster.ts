import { vmidFormat } from '../formats.ts';
import { badParameters, died } from '../refusal.ts';
import { holds, holdsAny } from '../rights/acl.ts';
import { ANYONE, holder, ROOT_ONLY } from '../rights/rules.ts';
import { NO_PARAMETERS, optional, textOf } from '../schema.ts';
import { type Cluster, type Guest, now } from '../state.ts';
import { isTaskOwner, taskStatus } from '../tasks.ts';
import { type Answer, type Call, type CallContext, reply } from './call.ts';
import { guestRow } from './guest-view.ts';

const FIRST_VMID = 100;
const LAST_VMID = 1_000_000;

export function nodeStatus(cluster: Cluster, name: string): 'online' | 'offline' | 'unknown' {
  return cluster.nodes.get(name)?.online ? 'online' : 'offline';
}

/** Lowest free id, reserved for nobody. Under the race fault somebody else takes it before its use. */
function nextId({ cluster, parameters }: CallContext): Answer {
  const asked = textOf(parameters, 'vmid');
  if (asked !== undefined)
    return cluster.guests.has(Number(asked))
      ? badParameters({ vmid: `VM ${asked} already exists` })
      : reply(asked);
  for (let id = FIRST_VMID; id < LAST_VMID; id += 1) if (!cluster.guests.has(id)) return reply(String(id));
  return died(`unable to get any free VMID in range [${FIRST_VMID}, ${LAST_VMID}]`);
}

function nodeRows({ cluster, caller }: CallContext): Record<string, unknown>[] {
  return [...cluster.nodes.values()].map((node) => ({
    id: `node/${node.name}`,
    type: 'node',
    node: node.name,
    status: nodeStatus(cluster, node.name),
    ...(holds(cluster, caller.id, `/nodes/${node.name}`, 'Sys.Audit') && node.online
      ? { cpu: 0.03, maxcpu: 8, mem: 4_294_967_296, maxmem: 33_570_000_896, uptime: 812_345, level: '' }
      : {}),
  }));
}

function guestRows({ cluster, caller }: CallContext): Record<string, unknown>[] {
  const visible = (guest: Guest): boolean => holds(cluster, caller.id, `/vms/${guest.vmid}`, 'VM.Audit');
  return [...cluster.guests.values()].filter(visible).map((guest) => ({
    ...guestRow(cluster, guest),
    ...reportOf(cluster, guest),
    id: `${guest.kind}/${guest.vmid}`,
    type: guest.kind,
    node: guest.node,
    ...(guest.pool === undefined ? {} : { pool: guest.pool }),
  }));
}

/** Nothing where the list is as fresh as the guest itself. */
function reportOf({ controls: { reported } }: Cluster, { vmid }: Guest): { status?: string } {
  if (reported === null) return {};
  const running = reported.get(vmid);
  return { status: running === undefined ? 'unknown' : running ? 'running' : 'stopped' };
}

function storageRows({ cluster, caller }: CallContext): Record<string, unknown>[] {
  const rows: Record<string, unknown>[] = [];
  for (const storage of cluster.storages.values()) {
    if (!holds(cluster, caller.id, `/storage/${storage.name}`, 'Datastore.Audit')) continue;
    for (const node of storage.nodes ?? cluster.nodes.keys())
      rows.push({
        id: `storage/${node}/${storage.name}`,
        type: 'storage',
        storage: storage.name,
        node,
        status: storage.disabled ? 'unknown' : 'available',
        plugintype: storage.type,
        content: storage.content.join(','),
        shared: storage.shared ? 1 : 0,
        ...(storage.disabled ? {} : { disk: storage.used, maxdisk: storage.total }),
      });
  }
  return rows;
}

function sdnRows({ cluster, caller }: CallContext): Record<string, unknown>[] {
  if (!cluster.edition.sdnOnBridges) return [];
  const zone = '/sdn/zones/localnetwork';
  if (!holdsAny(cluster, caller.id, zone, ['SDN.Audit', 'SDN.Use'])) return [];
  return [...cluster.nodes.keys()].map((node) => ({
    id: `sdn/${node}/localnetwork`,
    type: 'sdn',
    sdn: 'localnetwork',
    node,
    status: 'ok',
  }));
}

function resources(context: CallContext): Answer {
  const kinds: Readonly<Record<string, (at: CallContext) => Record<string, unknown>[]>> = {
    node: nodeRows,
    vm: guestRows,
    storage: storageRows,
    sdn: sdnRows,
  };
  const wanted = textOf(context.parameters, 'type');
  const lists = Object.entries(kinds).filter(([kind]) => wanted === undefined || kind === wanted);
  return reply(lists.flatMap(([, rows]) => rows(context)));
}

function clusterStatus({ cluster }: CallContext): Answer {
  const quorate = cluster.faults.has('NO_QUORUM') ? 0 : 1;
  return reply([
    { id: 'cluster', type: 'cluster', name: cluster.name, version: 4, nodes: cluster.nodes.size, quorate },
    ...[...cluster.nodes.values()].map((node) => ({
      id: `node/${node.name}`,
      type: 'node',
      name: node.name,
      nodeid: node.id,
      ip: node.address,
      online: node.online ? 1 : 0,
      local: node.name === cluster.answeringNode ? 1 : 0,
      level: '',
    })),
  ]);
}

function clusterTasks({ cluster, caller }: CallContext): Answer {
  return reply(
    [...cluster.tasks.values()]
      .filter(
        (task) => isTaskOwner(task, caller) || holds(cluster, caller.id, `/nodes/${task.node}`, 'Sys.Audit'),
      )
      .filter((task) => task.starttime <= now(cluster))
      .map(taskStatus),
  );
}

/** Calls without a rule of their own: for root@pam by ticket, and nobody else. */
function rootCall(method: Call['method'], path: string): Call {
  return {
    method,
    path,
    rule: ROOT_ONLY,
    viaDaemon: true,
    parameters: NO_PARAMETERS,
    answer: () => died('not available on this cluster'),
  };
}

export function clusterCalls(cluster: Cluster): Call[] {
  return [
    {
      method: 'GET',
      path: '/',
      rule: ANYONE,
      parameters: NO_PARAMETERS,
      answer: () =>
        reply(['access', 'cluster', 'nodes', 'pools', 'storage', 'version'].map((subdir) => ({ subdir }))),
    },
    {
      method: 'GET',
      path: '/version',
      rule: ANYONE,
      parameters: NO_PARAMETERS,
      answer: () =>
        reply({ version: cluster.edition.version, release: cluster.edition.release, repoid: '3b4f0c1e' }),
    },
    {
      method: 'GET',
      path: '/cluster/nextid',
      rule: ANYONE,
      step: 'nextid',
      parameters: { fields: { vmid: optional('integer', { format: vmidFormat }) } },
      answer: nextId,
    },
    {
      method: 'GET',
      path: '/cluster/resources',
      rule: ANYONE,
      parameters: {
        fields: { type: optional('string', { choices: ['vm', 'storage', 'node', 'sdn'] }) },
      },
      answer: resources,
    },
    {
      method: 'GET',
      path: '/cluster/status',
      rule: holder('/', 'Sys.Audit'),
      viaDaemon: true,
      parameters: NO_PARAMETERS,
      answer: clusterStatus,
    },
    { method: 'GET', path: '/cluster/tasks', rule: ANYONE, parameters: NO_PARAMETERS, answer: clusterTasks },
    rootCall('POST', '/cluster/config'),
    rootCall('POST', '/cluster/acme/account'),
    rootCall('POST', '/nodes/{node}/execute'),
    rootCall('PUT', '/nodes/{node}/disks/wipedisk'),
  ];
}
