import type { Clock } from '../base/clock.ts';

/** Stops calling a system that is away, or that refuses its credential, for a while. */
export interface Breaker {
  /** Null: go on. Otherwise why not, and for how long. */
  blocked(): { readonly message: string; readonly retryAfterSeconds: number } | null;
  /** An answer came that does not speak against the credential. */
  worked(): void;
  /** No connection could be made. */
  away(): void;
  /** The credential was refused. True when this was once too often. */
  refused(): boolean;
}

const AWAY_LIMIT = 5;
const AWAY_MS = 5000;
/** Both Proxmox and Foreman may lock an account or an address that is refused too often. */
const REFUSED_LIMIT = 3;
const REFUSED_MS = 60_000;

export function createBreaker(clock: Clock, name: string): Breaker {
  let away = 0;
  let refused = 0;
  let until = 0;
  let why = '';

  const open = (message: string, ms: number): void => {
    why = message;
    until = clock() + ms;
  };

  return {
    blocked() {
      if (until === 0) return null;
      const left = until - clock();
      if (left > 0) return { message: why, retryAfterSeconds: Math.ceil(left / 1000) };
      // One call finds out; those beside it wait for what it finds.
      until = clock() + 1000;
      return null;
    },
    worked() {
      away = 0;
      refused = 0;
      until = 0;
    },
    away() {
      away++;
      if (away >= AWAY_LIMIT) open(`${name} could not be reached ${away} times in a row; paused`, AWAY_MS);
    },
    refused() {
      refused++;
      if (refused < REFUSED_LIMIT) return false;
      open(
        `${name} refuses the credential of its connection; paused so that it is not locked out`,
        REFUSED_MS,
      );
      return true;
    },
  };
}
