import { expect, test } from 'vitest';
import { ok } from '../base/result.ts';
import { type AuditEntry, auditEntry } from './entry.ts';
import type { AuditStore } from './store.ts';
import { createAuditTrail } from './trail.ts';

const used: AuditEntry = auditEntry(
  0,
  { username: 'maya', tokenId: null, address: null },
  { action: 'route.used' },
);

test('what is left after all full batches is written patiently, and everything in its order', async () => {
  const written: { rows: readonly AuditEntry[]; urgency: string }[] = [];
  const store: AuditStore = {
    entries: async () => [],
    head: async () => null,
    async append(rows, urgency) {
      written.push({ rows, urgency });
      return ok(undefined);
    },
  };
  const trail = createAuditTrail({
    store,
    chain: null,
    anchor: { read: async () => ({ state: 'absent' }), write: async () => {} },
    alarm: () => {},
    clock: () => 0,
    dropped: () => {},
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
