import type { Context } from '../context.ts';
import { proxmoxConnection } from '../machines/proxmox-connection.ts';

export interface Options {
  readonly connection?: string;
}

interface Row {
  readonly version: string;
  readonly template: number;
  /** Null where the connection shows no such template. */
  readonly name: string | null;
  readonly node: string | null;
  readonly cloud_init: boolean | null;
  readonly agent: boolean | null;
}

export async function run(options: Options, context: Context): Promise<void> {
  const tessera = await context.tessera();
  const { templates } = await tessera.machines.settings();
  const connection = templates.length === 0 ? null : await proxmoxConnection(tessera, options.connection);
  const seen = connection === null ? [] : (await tessera.connections.templates(connection.id)).items;
  const rows = templates.map(({ version, template }): Row => {
    const found = seen.find((each) => each.id === template);
    const { name = null, node = null, cloud_init = null, agent = null } = found ?? {};
    return { version, template, name, node, cloud_init, agent };
  });
  context.out.list(
    rows.sort((a, b) => a.version.localeCompare(b.version)),
    COLUMNS,
    'The server knows no template. Name one there, as UBUNTU_2204_TEMPLATE_ID=9000 in its .env, ' +
      'or build one: tessera vm template build 22.04',
  );
}

const yesNo = (value: boolean | null): string => (value === null ? '' : value ? 'yes' : 'no');

const COLUMNS = [
  { head: 'Ubuntu', cell: (row: Row) => row.version },
  { head: 'Template', cell: (row: Row) => String(row.template) },
  { head: 'Name', cell: (row: Row) => row.name ?? 'not found', folds: true },
  { head: 'Node', cell: (row: Row) => row.node ?? '' },
  { head: 'Cloud-init', cell: (row: Row) => yesNo(row.cloud_init) },
  { head: 'Agent', cell: (row: Row) => yesNo(row.agent) },
];
