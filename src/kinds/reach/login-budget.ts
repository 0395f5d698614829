import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, MINUTE } from '../../base/clock.ts';

export type LoginEnd = 'accepted' | 'refused' | 'locked out';

/** Keeps refused logins below the number at which an upstream locks everybody behind this address out. */
export interface LoginBudget {
  /**
   * Logs in if there is room for a refusal; says how long to wait if not. Logins that are underway count as refused
   * until they are known not to be, so that many at once cannot spend more than there is.
   */
  spend<T>(
    login: () => Promise<T>,
    endOf: (value: T) => LoginEnd,
  ): Promise<{ readonly done: T } | { readonly waitSeconds: number }>;
  /** A login made elsewhere, as by a call that was passed on, was refused. */
  refused(): Promise<void>;
}

/** Notes that end by themselves, kept where everybody who shares the budget sees them. */
export interface Tally {
  note(name: string, forMs: number): Promise<void>;
  strike(name: string): Promise<void>;
  /** Moments (epoch milliseconds) at which the notes end whose names begin so. */
  ends(prefix: string): Promise<readonly number[]>;
}

export interface BudgetNeeds {
  readonly clock: Clock;
  readonly tally: Tally;
  readonly newId: () => string;
  /** Refusals within the window. */
  readonly limit?: number;
  readonly windowSeconds?: number;
}

/** A process that dies in a login leaves it counted for so long. */
const UNDERWAY_MS = 60_000;
const ASK_AGAIN_MS = 30;

/** At most `limit` refusals within the window, and silence for as long after a lock-out. */
export function createLoginBudget(needs: BudgetNeeds): LoginBudget {
  const { clock, tally, newId, limit = 8, windowSeconds = 5 * MINUTE } = needs;
  const windowMs = windowSeconds * 1000;

  /** Milliseconds until the budget has room again; 0 where it has. */
  async function full(): Promise<number> {
    const now = clock();
    const silent = Math.max(0, ...(await tally.ends('silence')).map((end) => end - now));
    const refused = (await tally.ends('refused ')).map((end) => end - now).sort((a, b) => a - b);
    return Math.max(silent, refused[refused.length - limit] ?? 0);
  }

  return {
    refused: () => tally.note(`refused ${newId()}`, windowMs),

    async spend(login, endOf) {
      const id = newId();
      for (;;) {
        const wait = await full();
        if (wait > 0) return { waitSeconds: Math.ceil(wait / 1000) };
        await tally.note(`underway ${id}`, UNDERWAY_MS);
        const counted = [...(await tally.ends('underway ')), ...(await tally.ends('refused '))];
        if (counted.length <= limit) break;
        await tally.strike(`underway ${id}`);
        await sleep(ASK_AGAIN_MS * (1 + Math.random()));
      }
      try {
        const done = await login();
        const end = endOf(done);
        if (end === 'refused') await tally.note(`refused ${id}`, windowMs);
        if (end === 'locked out') await tally.note('silence', windowMs);
        return { done };
      } finally {
        await tally.strike(`underway ${id}`);
      }
    },
  };
}

/** Within one process. */
export function memoryTally(clock: Clock): Tally {
  const notes = new Map<string, number>();
  return {
    note: async (name, forMs) => void notes.set(name, clock() + forMs),
    strike: async (name) => void notes.delete(name),
    async ends(prefix) {
      for (const [name, end] of notes) if (end <= clock()) notes.delete(name);
      return [...notes].flatMap(([name, end]) => (name.startsWith(prefix) ? [end] : []));
    },
  };
}
