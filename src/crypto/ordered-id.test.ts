import { expect, test } from 'vitest';
import { orderedId } from './ordered-id.ts';
import { systemRandom } from './random.ts';

test('an id is a UUID of version 7, and sorts by the moment it was made', () => {
  const [zeros, ones] = [0x00, 0xff].map((byte) => (size: number) => new Uint8Array(size).fill(byte));
  expect(orderedId(() => 0x0191_2345_6789, zeros ?? systemRandom)).toBe(
    '01912345-6789-7000-8000-000000000000',
  );
  expect(orderedId(() => 0x0191_2345_6789, ones ?? systemRandom)).toBe(
    '01912345-6789-7fff-bfff-ffffffffffff',
  );
  let now = Date.UTC(2026, 0, 1);
  const ids = Array.from({ length: 200 }, () => orderedId(() => now++, systemRandom));
  expect([...ids].sort()).toEqual(ids);
});
