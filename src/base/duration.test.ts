import { expect, test } from 'vitest';
import { DURATION, durationSeconds } from './duration.ts';

test.each([
  ['90s', 90],
  ['30m', 1_800],
  ['12h', 43_200],
  ['90d', 7_776_000],
  ['0s', 0],
])('%s are %i seconds', (text, seconds) => {
  expect(text).toMatch(DURATION);
  expect(durationSeconds(text)).toBe(seconds);
});

test.each(['', 'd', '5', '5w', '-5m', '1.5h', '1234567s', '5 m'])('%j is not a duration', (text) => {
  expect(text).not.toMatch(DURATION);
});
