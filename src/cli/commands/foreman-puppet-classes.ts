import type { Context } from '../context.ts';
import { type HostOptions, hostPart, matching, rowsOf } from '../foreman/host-part.ts';
import { field, type Row } from '../foreman/rows.ts';

export async function run(options: HostOptions, context: Context): Promise<void> {
  const rows = matching(rowsOf(await hostPart(options, 'puppetclasses', context)), options.search);
  context.out.list(rows, COLUMNS, 'The host has no Puppet class.');
}

const COLUMNS = [
  { head: 'ID', cell: (row: Row) => field(row, 'id') },
  { head: 'Module', cell: (row: Row) => field(row, 'module'), folds: true },
  { head: 'Class', cell: (row: Row) => field(row, 'name'), folds: true },
];
