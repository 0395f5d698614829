import type { InventoryLine } from '../../wire/connections.ts';
import type { Context } from '../context.ts';
import { CliError } from '../failure.ts';
import type { Column } from '../table.ts';
import { tableText } from '../table.ts';

export type Row = Readonly<Record<string, unknown>>;

/**
 * Prints a list that arrives page by page. As JSON every page goes out as it comes; for the table only the
 * texts of its cells are kept. A list that broke off is shown as far as it came, and the command fails.
 */
export async function showRows(
  lines: AsyncIterable<InventoryLine>,
  columns: readonly {
    readonly head: string;
    readonly text: (row: Row) => string;
    readonly folds?: boolean;
  }[],
  whenEmpty: string,
  context: Context,
): Promise<void> {
  const { io, out } = context;
  const cells: string[][] = [];
  let seen = 0;
  let failure: CliError | null = null;
  if (out.json) io.stdout.write('[');
  for await (const line of lines) {
    if ('end' in line) {
      if (line.end === 'failed')
        failure = new CliError(`${line.finding.sentence} [${line.finding.code}]`, line.finding.fix);
      break;
    }
    for (const row of line.rows) {
      if (out.json) io.stdout.write(`${seen === 0 ? '' : ','}\n  ${JSON.stringify(row)}`);
      else cells.push(columns.map((column) => column.text(row)));
      seen += 1;
    }
    if (io.errorIsTerminal && line.subtotal > line.rows.length)
      io.stderr.write(`\r${line.seen} of ${line.subtotal} read`);
  }
  if (io.errorIsTerminal) io.stderr.write('\r\u001b[K');
  if (out.json) io.stdout.write(`${seen === 0 ? '' : '\n'}]\n`);
  else if (seen === 0 && failure === null) out.remark(whenEmpty);
  else if (seen > 0) out.line(tableText(cells, columns.map(columnAt), io.columns));
  if (failure !== null) throw failure;
}

const columnAt = (
  column: { readonly head: string; readonly folds?: boolean },
  at: number,
): Column<string[]> => ({
  head: column.head,
  cell: (row) => row[at] ?? '',
  ...(column.folds === undefined ? {} : { folds: column.folds }),
});

/** Text of the first field that holds one. */
export function field(row: Row, ...names: readonly string[]): string {
  for (const name of names) {
    const value = row[name];
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  }
  return '';
}
