import type { Context } from '../context.ts';
import { type ConfigChoice, foremanConfig } from '../foreman/config.ts';
import { field, type Row, showRows } from '../foreman/rows.ts';

export interface Options extends ConfigChoice {
  readonly config?: string;
  readonly search?: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { config: named, configId, search } = options;
  const wanted = configId ?? named;
  const { tessera, config } = await foremanConfig(wanted === undefined ? {} : { configId: wanted }, context);
  const lines = tessera.connections.hosts(config.id, search === undefined ? {} : { search });
  await showRows(lines, COLUMNS, 'There is no host, or none that this login may see.', context);
}

const COLUMNS = [
  { head: 'ID', text: (row: Row) => field(row, 'id') },
  { head: 'Name', text: (row: Row) => field(row, 'name') },
  { head: 'OS', text: (row: Row) => field(row, 'operatingsystem_name') },
  { head: 'Environment', text: (row: Row) => field(row, 'environment_name') },
  {
    head: 'Compute/Model',
    text: (row: Row) => field(row, 'compute_resource_name', 'model_name'),
  },
  { head: 'Hostgroup', text: (row: Row) => field(row, 'hostgroup_title', 'hostgroup_name') },
  { head: 'Last Report', text: (row: Row) => field(row, 'last_report') },
];
