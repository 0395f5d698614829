import type { Context } from '../context.ts';
import { foremanConfig } from '../foreman/config.ts';
import { field, type Row, showRows } from '../foreman/rows.ts';
import type { Options } from './foreman-hosts.ts';

/** Foreman calls its hypervisors compute resources. */
export async function run(options: Options, context: Context): Promise<void> {
  const { config: named, configId, search } = options;
  const wanted = configId ?? named;
  const { tessera, config } = await foremanConfig(wanted === undefined ? {} : { configId: wanted }, context);
  const lines = tessera.connections.hypervisors(config.id, search === undefined ? {} : { search });
  await showRows(lines, COLUMNS, 'There is no hypervisor, or none that this login may see.', context);
}

const COLUMNS = [
  { head: 'ID', text: (row: Row) => field(row, 'id') },
  { head: 'Name', text: (row: Row) => field(row, 'name') },
  { head: 'Provider', text: (row: Row) => field(row, 'provider_friendly_name', 'provider') },
  { head: 'URL', text: (row: Row) => field(row, 'url') },
];
