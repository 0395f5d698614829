/** Columns between two cells of a line. */
export const GAP = 2;

export const lineWidth = (widths: readonly number[]): number =>
  widths.reduce((sum, each) => sum + each, 0) + GAP * (widths.length - 1);

interface Wishes {
  /** Of each column, what its cells take unfolded. */
  readonly natural: readonly number[];
  /** Its longest words. */
  readonly words: readonly number[];
  readonly folds: readonly boolean[];
  readonly narrowest: number;
}

/**
 * Takes from the widest folding column until the line fits, or nothing more can be taken; from between words as long
 * as that will do.
 */
export function fittedWidths({ natural, words, folds, narrowest }: Wishes, columns: number): number[] {
  const widths = [...natural];
  const widestAbove = (least: readonly number[]): number =>
    widths.reduce(
      (best, each, at) =>
        folds[at] && each > Math.max(narrowest, least[at] ?? 0) && (best < 0 || each > (widths[best] ?? 0))
          ? at
          : best,
      -1,
    );
  while (lineWidth(widths) > columns) {
    const between = widestAbove(words);
    const widest = between < 0 ? widestAbove([]) : between;
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}
