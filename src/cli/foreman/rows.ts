import { once } from 'node:events';
import type { InventoryLine } from '../../wire/inventory.ts';
import type { Context } from '../context.ts';
import { CliError } from '../failure.ts';
import { rowColumns } from '../io.ts';
import { streamedTable } from './streamed-table.ts';

export type Row = Readonly<Record<string, unknown>>;

export interface RowColumn {
  readonly head: string;
  readonly text: (row: Row) => string;
}

/**
 * Prints a list that arrives page by page, each page as it comes. A list that broke off is shown as far as it
 * came, and the command fails.
 */
export async function showRows(
  lines: AsyncIterable<InventoryLine>,
  columns: readonly RowColumn[],
  whenEmpty: string,
  context: Context,
): Promise<void> {
  const { io, out } = context;
  const progress = io.errorIsTerminal && !io.outputIsTerminal;
  const heads = columns.map((column) => column.head);
  const table = streamedTable(heads, rowColumns(io), (line) => out.line(line));
  let seen = 0;
  let failure: CliError | null = null;
  if (out.json) io.stdout.write('[');
  for await (const line of lines) {
    if ('end' in line) {
      if (line.end === 'failed')
        failure = new CliError(`${line.finding.sentence} [${line.finding.code}]`, line.finding.fix);
      break;
    }
    if (out.json)
      for (const [at, row] of line.rows.entries())
        io.stdout.write(`${seen + at === 0 ? '' : ','}\n  ${JSON.stringify(row)}`);
    else table.rows(line.rows.map((row) => columns.map((column) => column.text(row))));
    seen += line.rows.length;
    // A slow reader of a pipe must not make us keep the whole list.
    if (io.stdout.writableNeedDrain) await once(io.stdout, 'drain');
    // Where the rows themselves are on the screen they are progress enough.
    if (progress) io.stderr.write(`\r${line.seen} of ${line.subtotal} read`);
  }
  if (progress) io.stderr.write('\r\u001b[K');
  if (out.json) io.stdout.write(`${seen === 0 ? '' : '\n'}]\n`);
  else if (seen === 0 && failure === null) out.remark(whenEmpty);
  if (failure !== null) throw failure;
}

/** Text of the first field that holds one. */
export function field(row: Row, ...names: readonly string[]): string {
  for (const name of names) {
    const value = row[name];
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  }
  return '';
}
