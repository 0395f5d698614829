import pino from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createHousekeeping } from './housekeeping.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function house(turns: string[], holdsLease = true) {
  const turn = (name: string) => async () => void turns.push(name);
  return createHousekeeping({
    leases: { take: async () => holdsLease, giveBack: async () => {}, heldUntil: async () => [] },
    holder: 'this',
    log: pino({ level: 'silent' }),
    clock: Date.now,
    everyProcess: {
      flushAudit: turn('audit'),
      flushLastUses: turn('last uses'),
      shareRates: turn('rates'),
      failed: () => {},
    },
    oneProcess: {
      sweepEndedTokens: turn('sweep'),
      prune: turn('prune'),
      rotateSigningKeys: turn('keys'),
      tendConnections: turn('connections'),
    },
  });
}
const count = (turns: readonly string[], name: string): number =>
  turns.filter((each) => each === name).length;

test('a minute of it: rows of the trail, last uses, and what only one of all processes does', async () => {
  const turns: string[] = [];
  const { start, stop } = house(turns);
  start();
  await vi.advanceTimersByTimeAsync(0);
  expect(turns).toEqual(['sweep', 'prune', 'keys']);
  await vi.advanceTimersByTimeAsync(60_000);
  const names = ['audit', 'rates', 'last uses', 'sweep', 'prune', 'keys', 'connections'];
  expect(names.map((name) => count(turns, name))).toEqual([120, 120, 3, 2, 2, 2, 1]);
  await stop();
  expect(turns.slice(-2)).toEqual(['last uses', 'audit']);
  const before = turns.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(turns.length).toBe(before);
});

test('a process without the lease leaves to another what only one does', async () => {
  const turns: string[] = [];
  const { start, stop } = house(turns, false);
  start();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(new Set(turns)).toEqual(new Set(['audit', 'rates', 'last uses']));
  await stop();
});
