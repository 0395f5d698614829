import { expect, test } from 'vitest';
import { oneTimeCode } from './second-factor.ts';

test('codes are those of RFC 6238, appendix B, cut to six digits', () => {
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
  expect(oneTimeCode(secret, 59)).toBe('287082');
  expect(oneTimeCode(secret, 1_111_111_109)).toBe('081804');
  expect(oneTimeCode(secret, 20_000_000_000)).toBe('353130');
});
