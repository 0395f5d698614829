import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

const BUSY_PATIENCE_MS = 5_000;
const TURN_MS = 8;

const isBusy = (error: unknown): boolean =>
  error instanceof Error &&
  /database is locked|SQLITE_BUSY/i.test(`${error.message} ${(error as { code?: string }).code}`);

/** Tries again while another connection holds what is needed, for up to five seconds, off the event loop. */
export async function patiently<T>(work: () => T): Promise<T> {
  const deadline = Date.now() + BUSY_PATIENCE_MS;
  for (let pause = 1; ; pause = Math.min(pause * 2, 16)) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || Date.now() > deadline) throw error;
      await sleep(pause * (0.5 + Math.random()));
    }
  }
}

/**
 * SQLite answers at once, so a loop over many statements is one long turn of the event loop in which nothing else
 * is served. The returned function is called before each statement and lets the others go first every few
 * milliseconds.
 */
export function takingTurns(): () => Promise<void> | undefined {
  let began: number | null = null;
  return () => {
    if (began === null) {
      began = performance.now();
      setImmediate(() => {
        began = null;
      });
      return undefined;
    }
    return performance.now() - began > TURN_MS ? nextTurn() : undefined;
  };
}
