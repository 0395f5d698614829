import { type Clock, MINUTE, seconds } from '../base/clock.ts';
import type { KindName } from '../kinds/kind.ts';
import {
  createLoginBudget,
  type LoginBudget,
  localListeners,
  type Surroundings,
} from '../kinds/reach/surroundings.ts';
import type { Origin } from './way-out.ts';

/** What this process remembers of each system across connections: refused logins, and the room left for more. */
export interface Vicinity {
  /** @param pinnedAt epoch seconds, null where nothing is pinned */
  around(kind: KindName, origin: Origin, pinnedAt: number | null): Surroundings;
  noteRefusal(origin: Origin): void;
}

interface Dependencies {
  readonly clock: Clock;
  /** `HTTPS_PROXY` and `NO_PROXY` of this machine. */
  readonly proxy: Surroundings['proxy'] | null;
}

const REMEMBERED = 10 * MINUTE;

export function createVicinity({ clock, proxy }: Dependencies): Vicinity {
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
        loginBudget = createLoginBudget(clock);
        budgets.set(place, loginBudget);
      }
      return {
        recentRejections: recent(place).length,
        listeners: localListeners,
        ...(loginBudget === undefined ? {} : { loginBudget }),
        ...(proxy == null ? {} : { proxy }),
        ...(pinnedAt === null ? {} : { pinnedSince: new Date(pinnedAt * 1000).toISOString().slice(0, 10) }),
      };
    },

    noteRefusal(origin) {
      const place = placeOf(origin);
      refusals.set(place, [...recent(place), seconds(clock)]);
    },
  };
}
