import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { atTurnEnd, inPortions } from './turn.ts';

describe('at the end of a turn', () => {
  it('all that was handed in is worked off together', async () => {
    const done: number[] = [];
    const hand = atTurnEnd((item: number) => done.push(item));
    hand(1);
    hand(2);
    expect(done).toEqual([]);
    await nextTurn();
    expect(done).toEqual([1, 2]);
  });
});

describe('in portions', () => {
  it('what can wait is worked off in order, no more than a few in one turn', async () => {
    const done: number[] = [];
    const hand = inPortions(2, (item: number) => done.push(item));
    for (let item = 1; item <= 5; item++) hand(item);
    const after: number[] = [];
    for (let turn = 0; turn < 4; turn++) {
      await nextTurn();
      after.push(done.length);
    }
    expect(after).toEqual([2, 4, 5, 5]);
    expect(done).toEqual([1, 2, 3, 4, 5]);
  });

  it('what is handed in by the work itself has its turn later, and is not worked off faster', async () => {
    const done: number[] = [];
    const hand = inPortions(2, (item: number) => {
      done.push(item);
      if (item < 6) hand(item + 1);
    });
    hand(1);
    const after: number[] = [];
    for (let turn = 0; turn < 7; turn++) {
      await nextTurn();
      after.push(done.length);
    }
    expect(after).toEqual([1, 2, 3, 4, 5, 6, 6]);
  });
});
