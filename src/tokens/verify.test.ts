import { afterEach, expect, test, vi } from 'vitest';
import { systemRandom } from '../crypto/random.ts';
import type { Facts } from './facts.ts';
import { nativeSpelling, randomTokenParts } from './token-string.ts';
import { createVerifier } from './verify.ts';

afterEach(() => vi.useRealTimers());

test('a token whose facts never come is not waited for longer than the last word of the database is trusted', async () => {
  vi.useFakeTimers();
  const facts = {
    token: () => undefined,
    loadToken: () => new Promise(() => {}),
  } as unknown as Facts;
  const verifier = createVerifier({
    facts,
    anew: () => facts,
    jwts: { check: async () => null } as never,
    clock: Date.now,
    feedIsFresh: () => true,
  });
  const verdicts: unknown[] = [];
  const verdict = verifier.check(nativeSpelling(randomTokenParts(systemRandom)).reveal());
  void Promise.resolve(verdict).then((one) => verdicts.push(one));
  await vi.advanceTimersByTimeAsync(4_999);
  expect(verdicts).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(verdicts).toEqual([expect.objectContaining({ ok: false, code: 'unavailable', token: null })]);
});
