import type { Context } from '../context.ts';
import { seenCluster } from '../proxmox/seen.ts';
import type { SourceOptions } from '../proxmox/source.ts';

interface Node {
  readonly name: string;
  readonly status: string;
}

export async function run(options: SourceOptions, context: Context): Promise<void> {
  const { outcome } = await seenCluster(options, context);
  const { nodes = [] } = outcome.facts as { readonly nodes?: readonly Node[] };
  const columns = [
    { head: 'Node', cell: (node: Node) => node.name },
    { head: 'Status', cell: (node: Node) => node.status },
  ];
  context.out.list(nodes, columns, 'The cluster shows no node.');
}
