import { holds, holdsAny } from '../rights/acl.ts';
import { ANYONE, holder } from '../rights/rules.ts';
import { NO_PARAMETERS, optional, textOf } from '../schema.ts';
import type { Cluster } from '../state.ts';

import { type Answer, type Call, type CallContext, reply } from './call.ts';
import { nodeStatus } from './cluster.ts';

/** Rows of `certificates/info` for one node. */
export type NodeCertificates = (node: string) => readonly Readonly<Record<string, unknown>>[];

function listNodes({ cluster, caller }: CallContext): Answer {
  return reply(
    [...cluster.nodes.values()].map((node) => ({
      id: `node/${node.name}`,
      type: 'node',
      node: node.name,
      status: nodeStatus(cluster, node.name),
      ssl_fingerprint: node.fingerprint,
      level: '',
      ...(node.online && holds(cluster, caller.id, `/nodes/${node.name}`, 'Sys.Audit')
        ? {
            cpu: 0.03,
            maxcpu: 8,
            mem: 4_294_967_296,
            maxmem: 33_570_000_896,
            disk: 5_368_709_120,
            maxdisk: 100_000_000_000,
            uptime: 812_345,
          }
        : {}),
    })),
  );
}

function readStatus({ cluster }: CallContext): Answer {
  return reply({
    uptime: 812_345,
    cpu: 0.03,
    loadavg: ['0.10', '0.08', '0.05'],
    pveversion: `pve-manager/${cluster.edition.version}/3b4f0c1e`,
    cpuinfo: { cpus: 8, sockets: 1, cores: 8, model: 'Double' },
    memory: { total: 33_570_000_896, used: 4_294_967_296, free: 29_275_033_600 },
  });
}

/** From release 8 a bridge is shown only to who may see or use it; nobody is told that one was left out. */
function listInterfaces({ cluster, caller, node, parameters }: CallContext): Answer {
  const type = textOf(parameters, 'type');
  const seen = (name: string): boolean =>
    !cluster.edition.sdnOnBridges ||
    holdsAny(cluster, caller.id, `/sdn/zones/localnetwork/${name}`, ['SDN.Audit', 'SDN.Use']);
  const rows = [...(cluster.nodes.get(node)?.interfaces ?? [])]
    .filter(([name]) => !(cluster.faults.has('BRIDGE_BAD') && name === 'vmbr0'))
    .map(([iface, facts]): Record<string, string | number> => ({ iface, ...facts }))
    .filter((row) => row.type !== 'bridge' || seen(String(row.iface)))
    .filter(
      (row) => type === undefined || (type === 'any_bridge' ? row.type === 'bridge' : row.type === type),
    );
  return reply(rows);
}

export function nodeCalls(cluster: Cluster, certificates: NodeCertificates): Call[] {
  return [
    { method: 'GET', path: '/nodes', rule: ANYONE, parameters: NO_PARAMETERS, answer: listNodes },
    {
      method: 'GET',
      path: '/nodes/{node}/version',
      rule: ANYONE,
      parameters: NO_PARAMETERS,
      answer: () => reply({ version: cluster.edition.version, release: cluster.edition.release }),
    },
    {
      method: 'GET',
      path: '/nodes/{node}/status',
      rule: holder('/nodes/{node}', 'Sys.Audit'),
      viaDaemon: true,
      parameters: NO_PARAMETERS,
      answer: readStatus,
    },
    {
      method: 'GET',
      path: '/nodes/{node}/network',
      rule: ANYONE,
      parameters: {
        fields: {
          type: optional('string', {
            choices: ['bridge', 'bond', 'eth', 'alias', 'vlan', 'any_bridge', 'any_local_bridge'],
          }),
        },
      },
      answer: listInterfaces,
    },
    {
      method: 'GET',
      path: '/nodes/{node}/certificates/info',
      rule: ANYONE,
      viaDaemon: true,
      parameters: NO_PARAMETERS,
      answer: ({ node }) => reply(certificates(node)),
    },
  ];
}
