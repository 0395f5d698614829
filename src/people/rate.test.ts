import { expect, test } from 'vitest';
import { createRateLimiter, type RateCount, type RateStore } from './rate.ts';

/** One table for all processes, as the database is. */
function sharedTable(): RateStore & { broken: boolean; writes: number } {
  const rows = new Map<string, RateCount & { minute: number; process: string }>();
  return {
    broken: false,
    writes: 0,
    async putRateCounts(minute, process, counts) {
      if (this.broken) throw new Error('the database is away');
      this.writes++;
      for (const count of counts) {
        rows.set(`${minute}|${process}|${count.username}|${count.service}`, { ...count, minute, process });
      }
    },
    async othersRateCounts(minute, process) {
      const sums = new Map<string, RateCount>();
      for (const row of rows.values()) {
        if (row.minute !== minute || row.process === process) continue;
        const key = `${row.username}|${row.service}`;
        sums.set(key, { ...row, used: row.used + (sums.get(key)?.used ?? 0) });
      }
      return [...sums.values()];
    },
  };
}

const START = Date.UTC(2026, 0, 1, 12, 0, 30);

test('calls count up within a minute, for each user and service apart, and start anew with the next', () => {
  let now = START;
  const rates = createRateLimiter({ store: sharedTable(), clock: () => now, process: 'a' });
  const reset = (START + 30_000) / 1000;
  expect(rates.count('alice', 'cutouts', 2)).toEqual({ limit: 2, used: 1, resetAt: reset });
  expect(rates.count('alice', 'cutouts', 2)).toEqual({ limit: 2, used: 2, resetAt: reset });
  expect(rates.count('alice', 'cutouts', 2).used).toBe(3);
  expect(rates.count('bob', 'cutouts', 2).used).toBe(1);
  expect(rates.count('alice', 'search', 2).used).toBe(1);
  now += 30_000;
  expect(rates.count('alice', 'cutouts', 2)).toEqual({ limit: 2, used: 1, resetAt: reset + 60 });
});

test('processes learn each other’s counts', async () => {
  const store = sharedTable();
  const [a, b, c] = ['a', 'b', 'c'].map((process) =>
    createRateLimiter({ store, clock: () => START, process }),
  ) as [
    ReturnType<typeof createRateLimiter>,
    ReturnType<typeof createRateLimiter>,
    ReturnType<typeof createRateLimiter>,
  ];
  a.count('alice', 'cutouts', 10);
  a.count('alice', 'cutouts', 10);
  b.count('alice', 'cutouts', 10);
  await a.share();
  await b.share();
  c.count('alice', 'cutouts', 10);
  await c.share();
  expect(b.count('alice', 'cutouts', 10).used).toBe(4);
  expect(c.count('alice', 'cutouts', 10).used).toBe(5);
});

test('nothing is written when there is nothing new to tell', async () => {
  const store = sharedTable();
  const rates = createRateLimiter({ store, clock: () => START, process: 'a' });
  await rates.share();
  rates.count('alice', 'cutouts', 1);
  await rates.share();
  await rates.share();
  expect(store.writes).toBe(1);
});

test('counting goes on while the counts cannot be told, and they are told later', async () => {
  const store = sharedTable();
  const rates = createRateLimiter({ store, clock: () => START, process: 'a' });
  const other = createRateLimiter({ store, clock: () => START, process: 'b' });
  rates.count('alice', 'cutouts', 10);
  store.broken = true;
  await expect(rates.share()).rejects.toThrow('away');
  expect(rates.count('alice', 'cutouts', 10).used).toBe(2);
  store.broken = false;
  await rates.share();
  other.count('alice', 'cutouts', 10);
  await other.share();
  expect(other.count('alice', 'cutouts', 10).used).toBe(4);
});
