import type { Clock } from '../base/clock.ts';
import type { LastUse } from './store.ts';

/**
 * When, from where and on what each token was last used. Gathered in memory, written in batches: the verify path
 * never waits for storage, and the list is at most a minute behind.
 */
export interface LastUses {
  note(id: string, address: string | null, route: string): void;
  /** Writes what was gathered. Called by a timer and once at the end. */
  flush(): Promise<void>;
}

interface Dependencies {
  readonly write: (uses: readonly LastUse[]) => Promise<void>;
  readonly clock: Clock;
}

interface Use {
  id: string;
  at: number;
  address: string | null;
  route: string;
}

export function createLastUses({ write, clock }: Dependencies): LastUses {
  let gathered = new Map<string, Use>();
  return {
    note(id, address, route) {
      const use = gathered.get(id);
      const at = Math.floor(clock() / 1000);
      if (use === undefined) {
        gathered.set(id, { id, at, address, route });
      } else {
        use.at = at;
        use.address = address;
        use.route = route;
      }
    },

    async flush() {
      if (gathered.size === 0) return;
      const batch = gathered;
      gathered = new Map();
      try {
        await write([...batch.values()]);
      } catch (error) {
        for (const [id, use] of batch) if (!gathered.has(id)) gathered.set(id, use);
        throw error;
      }
    },
  };
}
