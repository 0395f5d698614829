import { expect, test } from 'vitest';
import type { AuditEntry } from '../audit/entry.ts';
import { auditEntry } from '../audit/entry.ts';
import { trailOver } from '../audit/trail-for-tests.ts';
import { fault } from '../base/fault.ts';
import { err, ok } from '../base/result.ts';
import { createLedger } from './ledger.ts';

const row = (path: string): AuditEntry =>
  auditEntry(
    0,
    { username: 'bot-a', tokenId: null, address: null },
    { action: 'route.used', route: 'lab', path },
  );

/** A trail over a database that takes rows or does not. */
function trail() {
  const written: (string | null)[] = [];
  let away = true;
  const audit = trailOver(async (entries) => {
    if (away) return err(fault('unavailable', 'the disk is full'));
    written.push(...entries.map((entry) => entry.path));
    return ok(undefined);
  });
  return {
    audit,
    written,
    comeBack() {
      away = false;
    },
  };
}

test('while rows cannot be written no call starts, and the rows of those under way are kept', async () => {
  const { audit, written, comeBack } = trail();
  const ledger = createLedger(audit);
  let calls = 0;
  for (; calls < 100_000; calls++) {
    await (calls % 5000 === 0 ? audit.flush() : null);
    if (!ledger.open()) break;
    ledger.write(row(`/${calls}`));
  }
  expect(calls).toBeLessThan(100_000);
  // These had begun before the queue was full.
  for (let late = 0; late < 10; late++) ledger.write(row(`/late-${late}`));
  expect(ledger.open()).toBe(false);
  comeBack();
  await audit.flush();
  expect(ledger.open()).toBe(true);
  await audit.flush();
  expect(written.length).toBe(calls + 10);
  expect(new Set(written).size).toBe(calls + 10);
  expect(written.slice(0, 3)).toEqual(['/0', '/1', '/2']);
});

test('refusals, which cost their sender nothing, never close the way for calls', () => {
  const { audit } = trail();
  const ledger = createLedger(audit);
  for (let at = 0; at < 50_000; at++) ledger.refused(row(`/${at}`));
  expect(ledger.open()).toBe(true);
  ledger.write(row('/x'));
  expect(ledger.open()).toBe(true);
});
