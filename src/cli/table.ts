import { createRequire } from 'node:module';
import { longestWord, printable, wrap } from './text.ts';
import { fittedWidths, GAP, lineWidth } from './widths.ts';

export interface Column<T> {
  readonly head: string;
  readonly cell: (item: T) => string;
  /** May be folded when the line is too narrow; the others never are, because they get copied. */
  readonly folds?: boolean;
}

const NARROWEST = 12;

/**
 * Rows under underlined heads, without a box, within a number of columns. Where the columns that do not fold are
 * wider than that, a block of lines for each item.
 */
export function tableText<T>(items: readonly T[], all: readonly Column<T>[], width: number): string {
  // A column of prose in which nothing stands only takes room from the others.
  const columns = all.filter((column) => !column.folds || items.some((item) => column.cell(item) !== ''));
  const rows = items.map((item) => columns.map((column) => printable(column.cell(item))));
  const most = (measure: (text: string) => number) =>
    columns.map((column, at) => Math.max(measure(column.head), ...rows.map((row) => measure(row[at] ?? ''))));
  const widths = fittedWidths(
    {
      natural: most((text) => [...text].length),
      words: most(longestWord),
      folds: columns.map((column) => column.folds === true),
      narrowest: NARROWEST,
    },
    width,
  );
  if (lineWidth(widths) > width) return blocksText(columns, rows);
  // Loaded here: most runs print no table.
  const Table = createRequire(import.meta.url)('cli-table3') as typeof import('cli-table3');
  const table = new Table({
    chars: NO_BOX,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(
    columns.map((column) => column.head),
    columns.map((_, at) => '-'.repeat(widths[at] ?? 0)),
    ...rows.map((row) => row.map((cell, at) => wrap(cell, widths[at] ?? cell.length))),
  );
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function blocksText<T>(columns: readonly Column<T>[], rows: readonly (readonly string[])[]): string {
  const labels = Math.max(...columns.map((column) => column.head.length));
  const block = (row: readonly string[]): string =>
    columns
      .map(({ head }, at) => `${head.padEnd(labels)}${' '.repeat(GAP)}${row[at] ?? ''}`.trimEnd())
      .join('\n');
  return rows.map(block).join('\n\n');
}

const NO_BOX = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' '.repeat(GAP),
};
