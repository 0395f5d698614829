import { longestWord, printable, wrap } from '../text.ts';
import { fittedWidths, GAP } from '../widths.ts';

const SPACE = ' '.repeat(GAP);
const NARROWEST = 8;

/**
 * A table whose rows arrive bit by bit: the widths are settled by the first rows, so that nothing has to be
 * kept. Later cells that are longer are folded; the first column never is, because it gets copied.
 */
export function streamedTable(heads: readonly string[], columns: number, print: (line: string) => void) {
  // Where a line has no end, later cells that are longer push the rest of their line aside.
  const folds = Number.isFinite(columns);
  let widths: number[] | null = null;

  function begin(first: readonly (readonly string[])[]): number[] {
    const most = (measure: (text: string) => number) =>
      heads.map((head, at) => first.reduce((so, row) => Math.max(so, measure(row[at] ?? '')), measure(head)));
    const settled = fittedWidths(
      {
        natural: most((text) => text.length),
        words: most(longestWord),
        folds: heads.map((_, at) => at > 0),
        narrowest: NARROWEST,
      },
      columns,
    );
    printRow(heads, settled, folds, print);
    print(settled.map((width) => '-'.repeat(width)).join(SPACE));
    return settled;
  }

  return {
    rows(cells: readonly (readonly string[])[]): void {
      if (cells.length === 0) return;
      widths ??= begin(cells);
      for (const row of cells) printRow(row.map(printable), widths, folds, print);
    },
  };
}

function printRow(
  row: readonly string[],
  widths: readonly number[],
  folds: boolean,
  print: (line: string) => void,
): void {
  const folded = row.map((cell, at) =>
    at === 0 || !folds ? [cell] : wrap(cell, widths[at] ?? NARROWEST).split('\n'),
  );
  const height = Math.max(...folded.map((lines) => lines.length));
  for (let line = 0; line < height; line += 1)
    print(
      folded
        .map((lines, at) => (lines[line] ?? '').padEnd(widths[at] ?? 0))
        .join(SPACE)
        .trimEnd(),
    );
}
