import type { Change } from '../base/change.ts';

/** Lets whoever looks on at a job sleep until it has moved, in whichever process. */
export interface JobWatch {
  /** Resolves when the job may have moved or somebody's rights may have changed, and after `ms` at the latest. */
  next(id: string, ms: number): Promise<void>;
  follow(change: Change): void;
  /** Everybody looks again. */
  stir(): void;
  /** Nobody is to wait any more: the process is stopping. */
  readonly closed: boolean;
  close(): void;
}

export function createJobWatch(): JobWatch {
  const sleepers = new Map<string, Set<() => void>>();
  let closed = false;
  const wake = (id: string): void => {
    for (const each of [...(sleepers.get(id) ?? [])]) each();
  };
  const stir = (): void => {
    for (const id of [...sleepers.keys()]) wake(id);
  };

  return {
    next: (id, ms) =>
      new Promise((resolve) => {
        if (closed) return resolve();
        const mine = sleepers.get(id) ?? new Set();
        sleepers.set(id, mine);
        const done = (): void => {
          clearTimeout(timer);
          mine.delete(done);
          if (mine.size === 0 && sleepers.get(id) === mine) sleepers.delete(id);
          resolve();
        };
        const timer = setTimeout(done, ms);
        mine.add(done);
      }),
    follow({ topic, key }) {
      if (topic === 'job') wake(key);
      else stir();
    },
    stir,
    get closed() {
      return closed;
    },
    close() {
      closed = true;
      stir();
    },
  };
}
