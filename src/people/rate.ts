import type { Clock } from '../base/clock.ts';

/** The count of one user's calls to one service within the running minute. */
export interface RateUse {
  readonly limit: number;
  /** This call included; more than the limit once it is used up. */
  readonly used: number;
  /** Epoch seconds at which the window ends. */
  readonly resetAt: number;
}

/**
 * Counts calls in fixed windows of one minute, for each user and service. Counting never waits for storage:
 * processes tell each other their counts about twice a second, so between them a limit may be overrun by what
 * arrives within that time. When telling fails, each goes on with what it knows.
 */
export interface RateLimiter {
  /** Counts one call. */
  count(username: string, service: string, limit: number): RateUse;
  /** Tells the other processes what was counted here and learns what they counted. Does nothing without news. */
  share(): Promise<void>;
}

export interface RateCount {
  readonly username: string;
  readonly service: string;
  readonly used: number;
}

export interface RateStore {
  /** Keeps the counts of one process; a count kept before is replaced. */
  putRateCounts(minute: number, process: string, counts: readonly RateCount[]): Promise<void>;
  /** What all other processes counted in this minute, added up. */
  othersRateCounts(minute: number, process: string): Promise<RateCount[]>;
}

interface Dependencies {
  readonly store: RateStore;
  readonly clock: Clock;
  /** A name no other process has. */
  readonly process: string;
}

interface Tally {
  readonly username: string;
  readonly service: string;
  own: number;
  others: number;
}

const MINUTE_MS = 60_000;

export function createRateLimiter({ store, clock, process }: Dependencies): RateLimiter {
  let minute = -1;
  let tallies = new Map<string, Tally>();
  let news = new Set<Tally>();
  let sharing: Promise<void> | null = null;

  async function tell(): Promise<void> {
    const [about, told] = [minute, news];
    const mine = tallies;
    news = new Set();
    try {
      await store.putRateCounts(
        about,
        process,
        [...told].map(({ username, service, own }) => ({ username, service, used: own })),
      );
      for (const { username, service, used } of await store.othersRateCounts(about, process)) {
        const tally = mine.get(keyOf(username, service));
        if (tally !== undefined) tally.others = used;
      }
    } catch (error) {
      if (about === minute) for (const tally of told) news.add(tally);
      throw error;
    }
  }

  return {
    count(username, service, limit) {
      const now = Math.floor(clock() / MINUTE_MS);
      if (now !== minute) {
        minute = now;
        tallies = new Map();
        news = new Set();
      }
      const key = keyOf(username, service);
      let tally = tallies.get(key);
      if (tally === undefined) {
        tally = { username, service, own: 0, others: 0 };
        tallies.set(key, tally);
      }
      tally.own++;
      news.add(tally);
      return { limit, used: tally.own + tally.others, resetAt: (minute + 1) * 60 };
    },

    share() {
      if (sharing !== null) return sharing;
      if (news.size === 0) return Promise.resolve();
      sharing = tell().finally(() => {
        sharing = null;
      });
      return sharing;
    },
  };
}

const keyOf = (username: string, service: string): string => `${username}\n${service}`;
