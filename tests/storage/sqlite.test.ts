import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { internalActor } from '../../src/access/principal.ts';
import { auditChain } from '../../src/audit/chain.ts';
import { createAuditTrail } from '../../src/audit/trail.ts';
import { systemClock } from '../../src/base/clock.ts';
import { ok } from '../../src/base/result.ts';
import type { PeopleStore } from '../../src/people/store.ts';
import { createLeases } from '../../src/storage/leases.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { type Database, openDatabase } from '../../src/storage/open.ts';
import { loadSqlite, type SqliteDatabase } from '../../src/storage/sqlite-module.ts';
import { createStore, type Store } from '../../src/storage/store.ts';
import { sweepEndedTokens } from '../../src/tokens/end.ts';
import type { TokenRecord } from '../../src/tokens/record.ts';
import type { TokenStore } from '../../src/tokens/store.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { tokenRecord } from './records.ts';

let place: TestDatabase;
let database: Database;
let store: Store;
let people: PeopleStore;
/** Another process's connection. */
let other: SqliteDatabase;

beforeEach(async () => {
  place = await freshDatabase('sqlite');
  const opened = await openDatabase({ engine: 'sqlite', folder: place.folder });
  if (!opened.ok) throw new Error(opened.error.message);
  database = opened.value;
  const migrated = await migrate(database.db, 'sqlite');
  if (!migrated.ok) throw new Error(migrated.error.message);
  store = createStore({
    db: database.db,
    engine: 'sqlite',
    chain: auditChain('key'),
    clock: systemClock,
    committed: () => {},
  });
  people = store;
  other = new (await loadSqlite())(join(place.folder, 'tessera.sqlite'));
});
afterEach(async () => {
  other.close();
  await database.close();
  await place.drop();
});

test('writes of every kind wait while another process writes, and none fails', async () => {
  const leases = createLeases(database.db, systemClock);
  const rule = { free: 1, waitsMs: [60_000], fadeMs: 60_000, memoryMs: 60_000 };
  await store.throttle.countAttempt('name|a', 1, rule);
  expect(await store.throttle.countAttempt('name|a', 1, rule)).toEqual({ failures: 1, lastAt: 1 });
  other.exec('begin immediate');
  const writes = [
    store.throttle.countAttempt('name|b', 1, rule),
    store.throttle.clear('name|a'),
    leases.take('housekeeping', 'me', 1_000),
    store.prune(Date.now()),
    store.putRateCounts(1, 'p', [{ username: 'u', service: 's', used: 1 }]),
    people.change<void>(async (tx) => {
      await tx.putScope({ name: 'x:y', description: 'z', builtin: false });
      return ok(undefined);
    }),
  ];
  const settled = Promise.allSettled(writes);
  let done = 0;
  for (const write of writes)
    void write.then(
      () => done++,
      () => done++,
    );
  await pause(50);
  expect(done).toBe(0);
  other.exec('commit');
  expect((await settled).map(({ status }) => status)).toEqual(writes.map(() => 'fulfilled'));
  expect(await store.throttle.countAttempt('name|a', 1, rule)).toBeNull();
  expect((await store.knownScopes()).get('x:y')).toBe('z');
});

test('what is committed can be read while writers wait and while a transaction is open', async () => {
  other.exec('begin immediate');
  let committed = false;
  const waiting = people
    .change<void>(async (tx) => {
      await tx.putScope({ name: 'x:y', description: 'z', builtin: false });
      // Not seen by others before it is committed, but within.
      expect((await store.knownScopes()).has('x:y')).toBe(false);
      expect((await tx.scopes()).map(({ name }) => name)).toContain('x:y');
      return ok(undefined);
    })
    .then(() => {
      committed = true;
    });
  expect(await store.token('nobody')).toBeNull();
  expect((await store.knownScopes()).has('x:y')).toBe(false);
  expect(committed).toBe(false);
  other.exec('commit');
  await waiting;
  expect((await store.knownScopes()).has('x:y')).toBe(true);
});

test('a transaction that fails is undone and lets the next one in', async () => {
  const failing = people.change<void>(async (tx) => {
    await tx.putScope({ name: 'x:y', description: 'z', builtin: false });
    throw new Error('on the way');
  });
  await expect(failing).rejects.toThrow('on the way');
  expect((await store.knownScopes()).has('x:y')).toBe(false);
  const next = await people.change<void>(async (tx) => {
    await tx.putScope({ name: 'x:z', description: 'z', builtin: false });
    return ok(undefined);
  });
  expect(next.ok).toBe(true);
});

const TOKENS = 1_500;

async function manyTokens(more: Partial<TokenRecord>): Promise<void> {
  await store.change<void>(async (tx) => {
    const pinned = { roles: ['user'], scopes: null, ...more };
    for (let index = 0; index < TOKENS; index++) await tx.insertToken(tokenRecord(`t${index}`, pinned));
    return ok(undefined);
  });
}

/** How often the event loop came round while this went on: how often a request would have been let in. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  // Every look at the clock finds ten milliseconds gone, so that a fast machine pauses as often as a slow one.
  let now = performance.now();
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 10));
  let turns = 0;
  let going = true;
  const count = (): void => {
    turns++;
    if (going) setImmediate(count);
  };
  setImmediate(count);
  try {
    await work();
    return turns;
  } finally {
    going = false;
    // A turn that began by this clock ends by it.
    await new Promise((resolve) => setImmediate(resolve));
    clock.mockRestore();
  }
}

const LIVELY = 8;

test('sweeping many ended tokens lets requests in between, and sweeps them all', async () => {
  await manyTokens({ expiresAt: 2 });
  expect(await turnsDuring(() => store.sweepEndedTokens(Date.now()))).toBeGreaterThan(LIVELY);
  expect((await store.tokens({ includeSwept: false })).length).toBe(0);
  expect(await store.countHistory({})).toBe(TOKENS);
});

test('revoking all tokens of a user lets requests in between', async () => {
  await manyTokens({});
  let revoked = 0;
  const turns = await turnsDuring(() =>
    people.change<void>(async (tx) => {
      revoked = await tx.revokeTokensOf('alice', 'all', internalActor, Date.now());
      return ok(undefined);
    }),
  );
  expect(revoked).toBe(TOKENS);
  expect(turns).toBeGreaterThan(LIVELY);
});

test('writing many last uses and verifying a long trail let requests in between', async () => {
  await manyTokens({ expiresAt: 2 });
  const uses = Array.from({ length: TOKENS }, (_, at) => ({
    id: `t${at}`,
    at: 5,
    address: null,
    route: null,
  }));
  expect(await turnsDuring(() => store.recordLastUse(uses))).toBeGreaterThan(1);
  await store.sweepEndedTokens(Date.now());
  const trail = createAuditTrail({
    store,
    chain: auditChain('key'),
    anchor: { read: async () => ({ state: 'noted', head: { seq: 0, mac: '' } }), write: async () => {} },
    alarm: () => {},
    clock: systemClock,
    dropped: () => {},
  });
  const reader = { ...internalActor, scopes: new Set(['read:audit']) };
  let rows = 0;
  const turns = await turnsDuring(async () => {
    const report = await trail.verify(reader);
    rows = report.ok ? report.value.rows : 0;
  });
  expect(rows).toBe(TOKENS);
  expect(turns).toBeGreaterThan(1);
});

test('the table of roles is read once for a batch, not for every token', async () => {
  await manyTokens({ expiresAt: 2 });
  let reads = 0;
  let batches = 0;
  const counting: Pick<TokenStore, 'change'> = {
    change: (work) => {
      batches++;
      return store.change((tx) =>
        work({
          ...tx,
          roleTable: () => {
            reads++;
            return tx.roleTable();
          },
        }),
      );
    },
  };
  await sweepEndedTokens(counting, Date.now());
  expect(reads).toBeGreaterThan(0);
  expect(reads).toBeLessThanOrEqual(batches);
});
