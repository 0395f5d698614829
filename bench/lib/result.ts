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

const HEAD = ['| What | Target | Measured | Verdict | How it came out | On |', '|---|---|---|---|---|---|'];

const lineOf = (row: Row, date: string): string =>
  `| ${row.what} | ${row.target ?? ''} | ${row.measured} | ${verdict(row)} | ${row.notes} | ${date} |`;

const whatOf = (line: string): string => line.split(' | ', 1)[0] ?? '';

export const tableOf = (rows: readonly Row[], date: string): string =>
  [...HEAD, ...rows.map((row) => lineOf(row, date))].join('\n');

/**
 * The kept results with these lines put in, each in the place of an earlier one of the same name. Results of another
 * machine are not mixed with these, so they are left behind.
 */
export function reportWith(
  kept: string,
  machine: readonly string[],
  rows: readonly Row[],
  date: string,
): string {
  const about = machine.map((line) => `- ${line}`).join('\n');
  const earlier = kept.includes(`\n${about}\n`)
    ? kept.split('\n').filter((line) => line.startsWith('| ') && !HEAD.includes(line))
    : [];
  const fresh = new Map(rows.map((row) => [whatOf(lineOf(row, date)), lineOf(row, date)]));
  const lines = earlier.map((line) => {
    const again = fresh.get(whatOf(line));
    fresh.delete(whatOf(line));
    return again ?? line;
  });
  return `# Results

Measured by \`npm run bench\`, each line on the day at its end. What each line means: [README.md](README.md).

${about}

${[...HEAD, ...lines, ...fresh.values()].join('\n')}
`;
}
