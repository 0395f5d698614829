import type { Clock } from '../base/clock.ts';
import { fault } from '../base/fault.ts';
import { networkOf } from '../base/network.ts';
import { err, ok, type Result } from '../base/result.ts';
import { sha256Hex } from '../crypto/digest.ts';
import type { ThrottleRule, ThrottleStore } from './store.ts';

/**
 * Slows down guessing without giving anybody a way to lock others out: attempts count for the pair of name and
 * network, and more loosely for the network alone, never for the name alone.
 */
export interface Throttle {
  /**
   * Counts an attempt, or refuses it. It counts before anything is verified, so that attempts made at once cannot
   * pass by each other, and stays counted unless it is told here how it ended.
   */
  begin(username: string, address: string): Promise<Result<Attempt>>;
}

export interface Attempt {
  /** The password was right. */
  succeeded(): Promise<void>;
  /** Nothing was verified. */
  abandoned(): Promise<void>;
}

const MEMORY_MS = 60 * 60_000;
const WAITS_MS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900].map((seconds) => seconds * 1000);

// Failures fade at the rate at which they are free: mistypings spread over a day in an office behind one address
// never add up, a guesser always does.
const ruleOf = (free: number): ThrottleRule => ({
  free,
  waitsMs: WAITS_MS,
  fadeMs: MEMORY_MS / free,
  memoryMs: MEMORY_MS,
});
const PAIR = ruleOf(5);
const NETWORK = ruleOf(50);

export function createThrottle(store: ThrottleStore, clock: Clock): Throttle {
  /** Null when the attempt was counted, else the milliseconds until one will be. */
  async function count(key: string, rule: ThrottleRule): Promise<number | null> {
    const at = clock();
    const against = await store.countAttempt(key, at, rule);
    if (against === null) return null;
    const wait = rule.waitsMs[Math.min(against.failures - rule.free, rule.waitsMs.length - 1)] ?? 0;
    return Math.max(1, against.lastAt + wait - at);
  }

  return {
    async begin(username, address) {
      const network = networkOf(address);
      // A digest keeps names that may be mistyped passwords out of the database.
      const pairKey = `pair:${sha256Hex(`${network}|${username}`)}`;
      const networkKey = `address:${sha256Hex(network)}`;

      const pairWait = await count(pairKey, PAIR);
      if (pairWait !== null) return err(throttled(pairWait));
      const networkWait = await count(networkKey, NETWORK);
      if (networkWait !== null) {
        await store.takeBack(pairKey);
        return err(throttled(networkWait));
      }
      return ok({
        async succeeded() {
          await store.clear(pairKey);
          await store.takeBack(networkKey);
        },
        async abandoned() {
          await store.takeBack(pairKey);
          await store.takeBack(networkKey);
        },
      });
    },
  };
}

function throttled(waitMs: number) {
  const retryAfterSeconds = Math.ceil(waitMs / 1000);
  return fault(
    'throttled',
    `Too many failed sign-ins from this address; try again in ${retryAfterSeconds} seconds.`,
    { retryAfterSeconds },
  );
}
