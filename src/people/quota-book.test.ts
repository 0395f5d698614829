import { expect, test } from 'vitest';
import { bootstrapActor, internalActor } from '../access/principal.ts';
import type { AuditEntry } from '../audit/entry.ts';
import { ok } from '../base/result.ts';
import type { QuotaConfig } from './quota.ts';
import { createQuotaBook, type QuotaStore, type QuotaTx } from './quota-book.ts';

const limits = (cutouts: number): QuotaConfig => ({
  default: { api: { cutouts }, disk: {}, notebook: null, tap: {} },
  groups: {},
  bypass: [],
});

/** A store whose reads come back when they are let. */
function slowStore() {
  let kept: QuotaConfig | null = null;
  const waiting: (() => void)[] = [];
  const audited: AuditEntry[] = [];
  const state = { slow: false };
  const tx: QuotaTx = {
    async putQuotaOverrides(overrides) {
      kept = overrides;
    },
    quotaOverrides: async () => kept,
    audit: async (entry) => void audited.push(entry),
    changed: async () => {},
  };
  const store: QuotaStore = {
    async quotaOverrides() {
      const now = kept;
      if (state.slow) await new Promise<void>((resolve) => waiting.push(resolve));
      return now;
    },
    change: (work) => work(tx),
  };
  return { store, state, waiting, audited };
}

test('whoever changes overrides finds them in force, whatever order readings come back in', async () => {
  const { store, state, waiting } = slowStore();
  const book = createQuotaBook({ store, clock: () => 0, configured: limits(10) });
  state.slow = true;
  const early = book.reload();
  const putting = book.override(bootstrapActor(null), limits(1));
  await expect.poll(() => waiting.length).toBe(2);
  const late = book.reload();
  waiting[1]?.();
  await putting;
  expect(book.limitOf(null, 'cutouts')).toBe(1);
  // The reading begun before the change comes back last, and brings nothing newer.
  waiting[0]?.();
  waiting[2]?.();
  await Promise.all([early, late]);
  expect(book.limitOf(null, 'cutouts')).toBe(1);
});

test('only administrators change overrides, and each change is audited', async () => {
  const { store, audited } = slowStore();
  const book = createQuotaBook({ store, clock: () => 7, configured: null });
  expect(await book.override(internalActor, limits(1))).toMatchObject({
    error: { code: 'insufficient_scope' },
  });
  expect(audited).toEqual([]);
  expect(await book.removeOverrides(bootstrapActor(null))).toMatchObject({ error: { code: 'not_found' } });
  expect(await book.override(bootstrapActor(null), limits(1))).toEqual(ok(limits(1)));
  expect(await book.removeOverrides(bootstrapActor(null))).toEqual(ok(undefined));
  expect(audited.map(({ action, detail }) => [action, detail])).toEqual([
    ['quota.changed', { overrides: limits(1) }],
    ['quota.changed', { removed: true }],
  ]);
});

test('a service named like a property of every object has no limit', async () => {
  const { store } = slowStore();
  const book = createQuotaBook({ store, clock: () => 0, configured: limits(10) });
  expect(book.limitOf(null, 'constructor')).toBeNull();
  expect(book.limitOf(null, 'cutouts')).toBe(10);
});
