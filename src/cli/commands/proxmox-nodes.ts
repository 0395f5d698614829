import type { Context } from '../context.ts';
import { onServer } from '../proxmox/on-server.ts';
import { seenCluster } from '../proxmox/seen.ts';
import { refuseBoth, type SourceOptions } from '../proxmox/source.ts';

interface Node {
  readonly name: string;
  readonly status: string;
}

export async function run(options: SourceOptions, context: Context): Promise<void> {
  refuseBoth(options);
  const nodes = await nodesOf(options, context);
  const columns = [
    { head: 'Node', cell: (node: Node) => node.name },
    { head: 'Status', cell: (node: Node) => node.status },
  ];
  context.out.list(nodes, columns, 'The cluster shows no node.');
}

async function nodesOf(options: SourceOptions, context: Context): Promise<readonly Node[]> {
  if (options.connection !== undefined) {
    const { tessera, connection } = await onServer(options.connection, context);
    return (await tessera.connections.nodes(connection.id)).items;
  }
  const { outcome } = await seenCluster(options, context);
  return (outcome.facts as { readonly nodes?: readonly Node[] }).nodes ?? [];
}
