import { homedir } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { type Clock, systemClock } from '../base/clock.ts';
import { takeEnvironment } from './environment.ts';
import type { Prompter } from './prompts.ts';

/** The world outside, handed in so that a run can be watched from a test. */
export interface Io {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly clock: Clock;
  readonly inputIsTerminal: boolean;
  readonly outputIsTerminal: boolean;
  readonly errorIsTerminal: boolean;
  /** Characters in a line of the output. */
  readonly columns: number;
  /** Ends what would go on forever. */
  readonly signal: AbortSignal;
  /** Instead of the questions asked on the terminal. */
  readonly prompter?: Prompter;
}

const COLUMNS = 80;

/** Of rows: in a pipe or a file each has one whole line, for grep and its like. */
export const rowColumns = (io: Io): number => (io.outputIsTerminal ? io.columns : Number.POSITIVE_INFINITY);

export function processIo(): Io {
  const { stdout, stderr } = process;
  const env = takeEnvironment();
  const told = Number(env.COLUMNS);
  return {
    // Opened by whoever reads it.
    get stdin() {
      return process.stdin;
    },
    stdout,
    stderr,
    env,
    home: env.HOME || homedir(),
    clock: systemClock,
    inputIsTerminal: isatty(0),
    outputIsTerminal: stdout.isTTY === true,
    errorIsTerminal: stderr.isTTY === true,
    // A terminal that was not told its size says 0.
    columns: [stdout.columns, told].find((width) => Number.isInteger(width) && width > 20) ?? COLUMNS,
    signal: new AbortController().signal,
  };
}
