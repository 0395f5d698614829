import { longestWord, printable, wrap } from '../text.ts';

const GAP = '  ';
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
    const natural = heads.map((head, at) =>
      first.reduce((most, row) => Math.max(most, (row[at] ?? '').length), head.length),
    );
    const words = heads.map((head, at) =>
      first.reduce((most, row) => Math.max(most, longestWord(row[at] ?? '')), longestWord(head)),
    );
    const settled = fitted(natural, words, columns);
    printRow(heads, settled, folds, print);
    print(settled.map((width) => '-'.repeat(width)).join(GAP));
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
        .join(GAP)
        .trimEnd(),
    );
}

/** Takes from the widest column but the first until the line fits; from between words as long as that will do. */
function fitted(natural: readonly number[], words: readonly number[], columns: number): number[] {
  const widths = [...natural];
  for (;;) {
    const total = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
    if (total <= columns) return widths;
    const widest = widestAbove(widths, words) ?? widestAbove(widths, []);
    if (widest === undefined) return widths;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

function widestAbove(widths: readonly number[], least: readonly number[]): number | undefined {
  let widest: number | undefined;
  for (const [at, width] of widths.entries())
    if (at > 0 && width > Math.max(least[at] ?? 0, NARROWEST) && width > (widths[widest ?? -1] ?? 0))
      widest = at;
  return widest;
}
