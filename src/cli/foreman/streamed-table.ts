import { printable, wrap } from '../text.ts';

const GAP = '  ';
const NARROWEST = 8;

/**
 * A table whose rows arrive bit by bit: the widths are settled by the first rows, so that nothing has to be
 * kept. Later cells that are longer are folded; the first column never is, because it gets copied.
 */
export function streamedTable(heads: readonly string[], columns: number, print: (line: string) => void) {
  let widths: number[] | null = null;

  function begin(first: readonly (readonly string[])[]): number[] {
    const natural = heads.map((head, at) =>
      first.reduce((most, row) => Math.max(most, (row[at] ?? '').length), head.length),
    );
    const settled = fitted(natural, columns);
    printRow(heads, settled, print);
    print(settled.map((width) => '-'.repeat(width)).join(GAP));
    return settled;
  }

  return {
    rows(cells: readonly (readonly string[])[]): void {
      if (cells.length === 0) return;
      widths ??= begin(cells);
      for (const row of cells) printRow(row.map(printable), widths, print);
    },
  };
}

function printRow(row: readonly string[], widths: readonly number[], print: (line: string) => void): void {
  const folded = row.map((cell, at) => (at === 0 ? [cell] : wrap(cell, widths[at] ?? NARROWEST).split('\n')));
  const height = Math.max(...folded.map((lines) => lines.length));
  for (let line = 0; line < height; line += 1)
    print(
      folded
        .map((lines, at) => (lines[line] ?? '').padEnd(widths[at] ?? 0))
        .join(GAP)
        .trimEnd(),
    );
}

/** Takes from the widest column but the first until the line fits. */
function fitted(natural: readonly number[], columns: number): number[] {
  const widths = [...natural];
  const total = () => widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
  while (total() > columns) {
    const widest = widths.reduce((best, width, at) => (at > 0 && width > (widths[best] ?? 0) ? at : best), 1);
    if ((widths[widest] ?? 0) <= NARROWEST) return widths;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}
