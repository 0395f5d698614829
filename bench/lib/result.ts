import type { Scale } from './scale.ts';

/** One line of the table. */
export interface Row {
  readonly what: string;
  /** Null for what is measured for information only. */
  readonly target: string | null;
  readonly measured: string;
  readonly met: boolean | null;
  readonly notes: string;
}

/** Measures one or several lines. `progress` goes to whoever waits. */
export type Measurement = (scale: Scale, progress: (text: string) => void) => Promise<Row[]>;

const verdict = ({ met }: Row): string => (met === null ? 'for information' : met ? 'met' : '**missed**');

export const tableOf = (rows: readonly Row[]): string =>
  [
    '| What | Target | Measured | Verdict | How it came out |',
    '|---|---|---|---|---|',
    ...rows.map(
      (row) => `| ${row.what} | ${row.target ?? ''} | ${row.measured} | ${verdict(row)} | ${row.notes} |`,
    ),
  ].join('\n');
