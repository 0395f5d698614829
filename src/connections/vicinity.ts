import { type Clock, MINUTE, seconds } from '../base/clock.ts';
import type { KindName } from '../kinds/kind.ts';
import { createLoginBudget, type LoginBudget, type Tally } from '../kinds/reach/login-budget.ts';
import { localListeners, type ProxyHere, type Surroundings } from '../kinds/reach/surroundings.ts';
import type { Lease } from './turns.ts';
import type { Origin } from './way-out.ts';

/** What is remembered of each system across connections: refused logins, and the room left for more. */
export interface Vicinity {
  /** @param pinnedAt epoch seconds, null where nothing is pinned */
  around(kind: KindName, origin: Origin, pinnedAt: number | null): Surroundings;
  noteRefusal(origin: Origin): void;
}

interface Dependencies {
  readonly clock: Clock;
  readonly lease: Lease;
  readonly newId: () => string;
  readonly proxy: ProxyHere | null;
}

const REMEMBERED = 10 * MINUTE;

export function createVicinity({ clock, lease, newId, proxy }: Dependencies): Vicinity {
  const budgets = new Map<string, LoginBudget>();
  const refusals = new Map<string, number[]>();
  const placeOf = ({ host, port }: Origin): string => `${host}:${port}`;

  const recent = (place: string): number[] => {
    const kept = (refusals.get(place) ?? []).filter((at) => at > seconds(clock) - REMEMBERED);
    if (kept.length === 0) refusals.delete(place);
    else refusals.set(place, kept);
    return kept;
  };

  return {
    around(kind, origin, pinnedAt) {
      const place = placeOf(origin);
      // Foreman locks an address out for everybody behind it, so all its connections share one budget.
      let loginBudget = budgets.get(place);
      if (kind === 'foreman' && loginBudget === undefined) {
        loginBudget = createLoginBudget({ clock, newId, tally: sharedTally(lease, `login at ${place}: `) });
        budgets.set(place, loginBudget);
      }
      return {
        recentRejections: recent(place).length,
        listeners: localListeners,
        ...(loginBudget === undefined ? {} : { loginBudget }),
        ...(proxy === null ? {} : { proxy }),
        ...(pinnedAt === null ? {} : { pinnedSince: new Date(pinnedAt * 1000).toISOString().slice(0, 10) }),
      };
    },

    noteRefusal(origin) {
      const place = placeOf(origin);
      refusals.set(place, [...recent(place), seconds(clock)]);
    },
  };
}

/** Over all processes: Foreman counts by address, and they share one. */
const sharedTally = (lease: Lease, prefix: string): Tally => ({
  // Every note has a name of its own, so that whoever takes it holds it; a silence is taken anew by the same holder.
  note: async (name, forMs) => void (await lease.take(`${prefix}${name}`, 'tally', forMs)),
  strike: (name) => lease.giveBack(`${prefix}${name}`, 'tally'),
  ends: (name) => lease.heldUntil(`${prefix}${name}`),
});
