import { createRequire } from 'node:module';
import { longestWord, printable, wrap } from './text.ts';

export interface Column<T> {
  readonly head: string;
  readonly cell: (item: T) => string;
  /** May be folded when the line is too narrow; the others never are, because they get copied. */
  readonly folds?: boolean;
}

const GAP = 2;
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
  const widths = fitted(
    most((text) => [...text].length),
    most(longestWord),
    columns.map((column) => column.folds === true),
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

const lineWidth = (widths: readonly number[]): number =>
  widths.reduce((sum, each) => sum + each, 0) + GAP * (widths.length - 1);

function blocksText<T>(columns: readonly Column<T>[], rows: readonly (readonly string[])[]): string {
  const labels = Math.max(...columns.map((column) => column.head.length));
  const block = (row: readonly string[]): string =>
    columns
      .map(({ head }, at) => `${head.padEnd(labels)}${' '.repeat(GAP)}${row[at] ?? ''}`.trimEnd())
      .join('\n');
  return rows.map(block).join('\n\n');
}

/** Takes from the widest folding column until the line fits; from between words as long as that will do. */
function fitted(
  natural: readonly number[],
  words: readonly number[],
  folds: readonly boolean[],
  width: number,
): number[] {
  const widths = [...natural];
  const widestAbove = (least: readonly number[]): number =>
    widths.reduce(
      (best, each, at) =>
        folds[at] && each > Math.max(NARROWEST, least[at] ?? 0) && (best < 0 || each > (widths[best] ?? 0))
          ? at
          : best,
      -1,
    );
  for (;;) {
    if (lineWidth(widths) <= width) return widths;
    const between = widestAbove(words);
    const widest = between < 0 ? widestAbove([]) : between;
    if (widest < 0) return widths;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
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
