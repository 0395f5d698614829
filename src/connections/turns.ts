import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionRecord } from './record.ts';

/** Work on one connection after another, over all processes that share the storage. */
export interface Turns {
  take<T>(connectionId: string, work: () => Promise<T>): Promise<T>;
}

/** A lease over all processes; one that is not renewed in time goes to whoever asks next. */
export interface Lease {
  take(name: string, holder: string, forMs: number): Promise<boolean>;
  giveBack(name: string, holder: string): Promise<void>;
  /** When the leases whose names begin so run out, in epoch milliseconds. */
  heldUntil(prefix: string): Promise<readonly number[]>;
}

/** Whether the other side may lock somebody out for what this connection sends: passwords, and all of Foreman. */
export const countsRefusals = ({ credential, fallback, fallbackEnabled }: ConnectionRecord): boolean =>
  [credential, fallbackEnabled ? fallback : null].some(
    (one) => one?.method === 'password' || one?.method === 'basic',
  );

/** A process that dies in its turn holds the others up for so long. */
const HELD_MS = 10_000;
const RENEW_MS = 3_000;
const ASK_MS = 40;

export function createTurns(lease: Lease, newHolder: () => string): Turns {
  return {
    async take(connectionId, work) {
      const name = `connection ${connectionId}`;
      const holder = newHolder();
      while (!(await lease.take(name, holder, HELD_MS))) await sleep(ASK_MS);
      const renewing = setInterval(() => {
        // A turn that could not be renewed is at worst one that somebody else begins too early.
        lease.take(name, holder, HELD_MS).catch(() => {});
      }, RENEW_MS);
      try {
        return await work();
      } finally {
        clearInterval(renewing);
        await lease.giveBack(name, holder).catch(() => {});
      }
    },
  };
}
