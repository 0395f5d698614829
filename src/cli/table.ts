import { createRequire } from 'node:module';
import { printable, wrap } from './text.ts';

export interface Column<T> {
  readonly head: string;
  readonly cell: (item: T) => string;
  /** May be folded when the line is too narrow; the others never are, because they get copied. */
  readonly folds?: boolean;
}

const GAP = 2;
const NARROWEST = 12;

/**
 * Rows under underlined heads, without a box, within a number of columns as far as the columns that do not fold
 * permit.
 */
export function tableText<T>(items: readonly T[], all: readonly Column<T>[], width: number): string {
  // A column of prose in which nothing stands only takes room from the others.
  const columns = all.filter((column) => !column.folds || items.some((item) => column.cell(item) !== ''));
  const rows = items.map((item) => columns.map((column) => printable(column.cell(item))));
  const widths = fitted(
    columns.map((column, at) =>
      Math.max(column.head.length, ...rows.map((row) => [...(row[at] ?? '')].length)),
    ),
    columns.map((column) => column.folds === true),
    width,
  );
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

/** Takes from the widest folding column until the line fits. */
function fitted(natural: readonly number[], folds: readonly boolean[], width: number): number[] {
  const widths = [...natural];
  for (;;) {
    const line = widths.reduce((sum, each) => sum + each, 0) + GAP * (widths.length - 1);
    if (line <= width) return widths;
    const widest = widths.reduce(
      (best, each, at) =>
        folds[at] && each > NARROWEST && (best < 0 || each > (widths[best] ?? 0)) ? at : best,
      -1,
    );
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
