import { describe, expect, test } from 'vitest';
import { createLoginBudget, type LoginEnd, memoryTally } from './login-budget.ts';

function budgetAt(clock: () => number, limit: number) {
  let ids = 0;
  const newId = () => String(ids++);
  const budget = createLoginBudget({ clock, tally: memoryTally(clock), newId, limit, windowSeconds: 300 });
  const spend = async (end: LoginEnd) => {
    const spent = await budget.spend(
      async () => end,
      (value) => value,
    );
    return 'done' in spent ? spent.done : spent.waitSeconds;
  };
  return { budget, spend };
}

describe('a login budget', () => {
  test('is used up by refusals, recovers one by one, and is silent after a lock-out', async () => {
    let now = 1_000_000;
    const { budget, spend } = budgetAt(() => now, 2);
    expect(await spend('accepted')).toBe('accepted');
    expect(await spend('refused')).toBe('refused');
    now += 100_000;
    await budget.refused();
    expect(await spend('accepted')).toBe(200);
    now += 200_000;
    expect(await spend('locked out')).toBe('locked out');
    expect(await spend('accepted')).toBe(300);
    now += 300_000;
    expect(await spend('accepted')).toBe('accepted');
  });

  test('lets no more be refused than there is room for, however many try at once', async () => {
    const { spend } = budgetAt(Date.now, 3);
    const ends = await Promise.all(Array.from({ length: 10 }, () => spend('refused')));
    expect(ends.filter((end) => end === 'refused')).toHaveLength(3);
  });

  test('lets everybody in, a few at a time, where nobody is refused', async () => {
    const { spend } = budgetAt(Date.now, 3);
    const ends = await Promise.all(Array.from({ length: 10 }, () => spend('accepted')));
    expect(new Set(ends)).toEqual(new Set(['accepted']));
  });

  test('takes a login that broke off for none', async () => {
    const { budget, spend } = budgetAt(Date.now, 1);
    const broken = budget.spend(
      () => Promise.reject(new Error('cut')),
      () => 'accepted',
    );
    await expect(broken).rejects.toThrow('cut');
    expect(await spend('accepted')).toBe('accepted');
  });
});
