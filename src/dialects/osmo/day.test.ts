import { expect, test } from 'vitest';
import { endOf, stampOf, startOfDay } from './day.ts';

test('a day begins at midnight in UTC', () => {
  expect(startOfDay('2027-01-01')).toBe(Date.UTC(2027, 0, 1) / 1000);
  expect(startOfDay('2028-02-29')).toBe(Date.UTC(2028, 1, 29) / 1000);
});

test.each([
  '',
  '2027-02-29',
  '2027-13-01',
  '2027-1-1',
  '20270101',
  '2027-01-01T00:00:00',
  ' 2027-01-01',
  '٢٠٢٧-٠١-٠١',
])('%j is not a day', (text) => {
  expect(startOfDay(text)).toBeNull();
});

test('an end has neither zone nor fraction, and a token without end shows a far day', () => {
  expect(endOf(Date.UTC(2027, 0, 1, 12, 30) / 1000)).toBe('2027-01-01T12:30:00');
  expect(endOf(null)).toMatch(/^9999-12-31T/);
});

test('a moment has six digits behind the second', () => {
  expect(stampOf(Date.UTC(2026, 0, 15, 10, 20, 30, 123))).toBe('2026-01-15T10:20:30.123000Z');
});
