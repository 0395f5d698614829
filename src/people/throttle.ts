import type { Clock } from '../base/clock.ts';
import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { sha256Hex } from '../crypto/digest.ts';
import type { ThrottleStore } from './store.ts';

/**
 * Slows down guessing without giving anybody a way to lock others out: failures count for the pair of name and
 * network address, and more loosely for the address alone, never for the name alone.
 */
export interface Throttle {
  /** Whether an attempt may go ahead now. */
  admit(username: string, address: string): Promise<Result<void>>;
  failed(username: string, address: string): Promise<void>;
  succeeded(username: string, address: string): Promise<void>;
}

const PAIR_FREE = 5;
const ADDRESS_FREE = 50;
const LONGEST_WAIT_MS = 15 * 60_000;
// Failures this old no longer count.
const MEMORY_MS = 60 * 60_000;

export function createThrottle(store: ThrottleStore, clock: Clock): Throttle {
  // A digest keeps names that may be mistyped passwords out of the database.
  const pairKey = (username: string, address: string): string =>
    `pair:${sha256Hex(`${address}|${username}`)}`;
  const addressKey = (address: string): string => `address:${sha256Hex(address)}`;

  async function waitMs(key: string, free: number): Promise<number> {
    const attempts = await store.attempts(key);
    if (attempts === null || attempts.failures < free || clock() - attempts.lastAt > MEMORY_MS) return 0;
    const pause = Math.min(1000 * 2 ** (attempts.failures - free), LONGEST_WAIT_MS);
    return Math.max(0, attempts.lastAt + pause - clock());
  }

  return {
    async admit(username, address) {
      const wait = Math.max(
        await waitMs(pairKey(username, address), PAIR_FREE),
        await waitMs(addressKey(address), ADDRESS_FREE),
      );
      if (wait === 0) return ok(undefined);
      const retryAfterSeconds = Math.ceil(wait / 1000);
      return err(
        fault(
          'throttled',
          `Too many failed sign-ins from this address; try again in ${retryAfterSeconds} seconds.`,
          {
            retryAfterSeconds,
          },
        ),
      );
    },

    async failed(username, address) {
      await store.recordFailure(pairKey(username, address), clock());
      await store.recordFailure(addressKey(address), clock());
    },

    async succeeded(username, address) {
      await store.clear(pairKey(username, address));
    },
  };
}
