import type { Context } from './context.ts';
import { withSpinner } from './spinner.ts';

/** Waits for work on this machine; on a terminal something moves when it takes more than a second. */
export const waiting = <T>({ io }: Context, label: string, work: Promise<T>): Promise<T> =>
  io.errorIsTerminal ? withSpinner(io.stderr, label, work) : work;
