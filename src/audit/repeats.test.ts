import { expect, test } from 'vitest';
import { type AuditEntry, auditEntry } from './entry.ts';
import { createRepeats } from './repeats.ts';

const START = Date.UTC(2026, 0, 1);
const refusal = (atMs: number, more: Partial<AuditEntry> = {}): AuditEntry => ({
  ...auditEntry(
    START + atMs,
    { username: 'alice', tokenId: 't', address: '203.0.113.1' },
    { action: 'guard.refused', route: 'app', status: 403, detail: { reason: 'insufficient_scope' } },
  ),
  ...more,
});
const unexpected = () => {
  throw new Error('nothing should be dropped');
};

test('the first of its kind is written at once, the others of the minute as one row with their number', () => {
  const repeats = createRepeats(10, unexpected);
  expect(repeats.take(refusal(0))).toEqual([refusal(0)]);
  for (let at = 1; at <= 40; at++) expect(repeats.take(refusal(at * 1000, { path: `/${at}` }))).toEqual([]);
  expect(repeats.over(START + 59_999)).toEqual([]);
  expect(repeats.over(START + 60_000)).toEqual([
    refusal(40_000, {
      path: '/40',
      detail: { reason: 'insufficient_scope', repeated: 40, since: '2026-01-01T00:00:00.000Z' },
    }),
  ]);
  expect(repeats.over(START + 120_000)).toEqual([]);
  expect(repeats.take(refusal(121_000))).toEqual([refusal(121_000)]);
});

test('what differs in who, whence, where or why is written by itself', () => {
  const repeats = createRepeats(10, unexpected);
  const others: Partial<AuditEntry>[] = [
    {},
    { tokenId: 'u' },
    { actor: 'bob' },
    { address: '203.0.113.2' },
    { route: 'other' },
    { status: 401 },
    { detail: { reason: 'token_expired' } },
    { action: 'request.refused' },
  ];
  for (const other of others) expect(repeats.take(refusal(0, other))).toHaveLength(1);
});

test('the addresses of one IPv6 network are one place', () => {
  const repeats = createRepeats(10, unexpected);
  expect(repeats.take(refusal(0, { address: '2001:db8::1' }))).toHaveLength(1);
  expect(repeats.take(refusal(1, { address: '2001:db8::2' }))).toHaveLength(0);
});

test('more kinds at once than can be kept are counted as dropped, and those kept are not lost', () => {
  let dropped = 0;
  const repeats = createRepeats(2, () => dropped++);
  for (const tokenId of ['a', 'b', 'c', 'a']) repeats.take(refusal(0, { tokenId }));
  expect(dropped).toBe(1);
  expect(repeats.over(START + 60_000).map((row) => [row.tokenId, row.detail.repeated])).toEqual([['a', 1]]);
  expect(repeats.take(refusal(60_000, { tokenId: 'c' }))).toHaveLength(1);
});
