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

const INTRODUCTION = `# Results

Measured by \`npm run bench\`, each line on the day at its end. What each line means: [README.md](README.md).
Machines are kept apart, the one measured last in front.`;

interface Kept {
  /** Name and facts of the machine, as they stand there. */
  readonly about: string;
  readonly lines: readonly string[];
  /** What stands there of other machines. */
  readonly others: readonly string[];
}

function keptOf(report: string, [name, ...facts]: readonly string[]): Kept {
  const about = [`## ${name}`, '', ...facts.map((fact) => `- ${fact}`), ''].join('\n');
  const machines = report
    .split(/^(?=## )/m)
    .slice(1)
    .map((machine) => machine.trim());
  const own = machines.find((machine) => machine.startsWith(about)) ?? '';
  const lines = own.split('\n').filter((line) => line.startsWith('| ') && !HEAD.includes(line));
  return { about, lines, others: machines.filter((machine) => machine !== own) };
}

/**
 * The kept results with these lines put in, each in the place of an earlier one of the same name on the same machine.
 *
 * @param machine its name first
 */
export function reportWith(
  report: string,
  machine: readonly string[],
  rows: readonly Row[],
  date: string,
): string {
  const { about, lines: earlier, others } = keptOf(report, machine);
  const fresh = new Map(rows.map((row) => [whatOf(lineOf(row, date)), lineOf(row, date)]));
  const lines = earlier.map((line) => {
    const again = fresh.get(whatOf(line));
    fresh.delete(whatOf(line));
    return again ?? line;
  });
  const own = [about, ...HEAD, ...lines, ...fresh.values()].join('\n');
  return `${[INTRODUCTION, own, ...others].join('\n\n')}\n`;
}

/** The kept results of all other machines. */
export const reportWithout = (report: string, machine: readonly string[]): string =>
  [INTRODUCTION, ...keptOf(report, machine).others].join('\n\n');
