import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export interface Signals {
  /** The first that came, if any did. */
  readonly first: NodeJS.Signals | null;
  /** From now on a child gets what comes. */
  passTo(child: ChildProcess): void;
  release(): void;
}

const HELD = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const;

/**
 * Keeps the signals that ask to end from ending this program, and hands them to its child. What the keyboard sends goes
 * to every program on the terminal, so the child has it already: a second Ctrl-C is where Terraform gives up its state.
 */
export function holdSignals(): Signals {
  let first: NodeJS.Signals | null = null;
  let child: ChildProcess | undefined;
  const atTerminal = hasTerminal();
  const take = (signal: NodeJS.Signals): void => {
    first ??= signal;
    const fromKeyboard = signal === 'SIGINT' || signal === 'SIGQUIT';
    if (!(fromKeyboard && atTerminal)) child?.kill(signal);
  };
  for (const signal of HELD) process.on(signal, take);
  return {
    get first() {
      return first;
    },
    passTo(started) {
      child = started;
    },
    release() {
      for (const signal of HELD) process.removeListener(signal, take);
    },
  };
}

/** Whatever the standard streams lead to: Ctrl-C comes from the terminal this program was started on. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
