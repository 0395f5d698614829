import { expect, test } from 'vitest';
import { ok } from '../base/result.ts';
import { type AuditEntry, auditEntry } from './entry.ts';
import { trailOver } from './trail-for-tests.ts';

const used: AuditEntry = auditEntry(
  0,
  { username: 'maya', tokenId: null, address: null },
  { action: 'route.used' },
);

test('what is left after all full batches is written patiently, and everything in its order', async () => {
  const written: { rows: readonly AuditEntry[]; urgency: string }[] = [];
  const trail = trailOver(async (rows, urgency) => {
    written.push({ rows, urgency });
    return ok(undefined);
  });
  const entries = Array.from({ length: 4500 }, (_, status) => ({ ...used, status }));
  for (const entry of entries) expect(trail.note(entry)).toBe(true);
  await trail.flush();
  expect(written.map(({ rows, urgency }) => [rows.length, urgency])).toEqual([
    [2000, 'urgent'],
    [2000, 'urgent'],
    [500, 'patient'],
  ]);
  expect(written.flatMap(({ rows }) => rows)).toEqual(entries);
});
