import { expect, test } from 'vitest';
import { moment } from './moment.ts';
import { BAD, type InputFault } from './reader.ts';

function read(value: unknown): number | string {
  const faults: InputFault[] = [];
  const seen = moment.read(value, ['body', 'expires'], faults);
  return seen === BAD ? (faults[0]?.type ?? 'nothing said') : seen;
}

const NOON = Date.UTC(2026, 1, 28, 12) / 1000;

test.each([
  [NOON, NOON],
  [NOON + 0.9, NOON],
  [-5, -5],
  [String(NOON), NOON],
  [`${NOON}.75`, NOON],
  ['2026-02-28T12:00:00Z', NOON],
  ['2026-02-28t12:00:00z', NOON],
  ['2026-02-28 12:00:00', NOON],
  ['2026-02-28T12:00', NOON],
  ['2026-02-28T12:00:00.999999+00:00', NOON],
  ['2026-02-28T14:30:00+02:30', NOON],
  ['2026-02-28T14:00:00+0200', NOON],
  ['2026-02-28T07:00:00-05', NOON],
  ['2026-02-28', NOON - 12 * 3600],
  ['0050-01-01T00:00:00Z', -60589296000],
])('%j is the moment %d', (value, expected) => {
  expect(read(value)).toBe(expected);
});

test.each([
  'tomorrow',
  '',
  '2026-02-29',
  '2026-13-01',
  '2026-02-28T24:00:00Z',
  '2026-02-28T12:60Z',
  '2026-02-28T12:00:00+25:00',
  '2026-02-28T12:00:00Z and more',
  1e15,
])('%j is refused as no moment', (value) => {
  expect(read(value)).toBe('datetime_from_date_parsing');
});

test.each([true, {}, [1], null])('%j is refused as of the wrong kind', (value) => {
  expect(read(value)).toBe('datetime_type');
});
