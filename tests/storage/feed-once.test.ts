import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { auditChain } from '../../src/audit/chain.ts';
import { change, type StoredChange } from '../../src/base/change.ts';
import { systemClock } from '../../src/base/clock.ts';
import { ok } from '../../src/base/result.ts';
import { type ChangeFeed, createChangeFeed } from '../../src/storage/feed.ts';
import type { Database } from '../../src/storage/open.ts';
import { createStore, type Store } from '../../src/storage/store.ts';
import { ENGINES, freshDatabase, openMigrated, type TestDatabase } from '../support/database.ts';

describe.each(ENGINES)('the change feed on %s', (engine) => {
  let files: TestDatabase;
  let databases: Database[] = [];
  let feeds: ChangeFeed[] = [];
  beforeEach(async () => {
    files = await freshDatabase(engine);
    databases = [];
    feeds = [];
  });
  afterEach(async () => {
    for (const feed of feeds) await feed.stop();
    for (const database of databases) await database.close();
    await files.drop();
  });

  /** One process: a store, and a feed that writes down what it is told. */
  async function follower(): Promise<{ store: Store; told: string[]; feed: ChangeFeed; database: Database }> {
    const database = await openMigrated(files);
    databases.push(database);
    const told: string[] = [];
    const feed = createChangeFeed(database.feedSource, {
      changed: (changes: readonly StoredChange[]) => told.push(...changes.map(({ key }) => key)),
      lost() {},
    });
    feeds.push(feed);
    const store = createStore({
      db: database.db,
      engine: database.engine,
      chain: auditChain('key'),
      clock: systemClock,
      committed: (changes) => feed.committed(changes),
    });
    await feed.start();
    return { store, told, feed, database };
  }

  const commit = (store: Store, key: string) =>
    store.change<void>(async (tx) => {
      await tx.changed(change('token', key));
      return ok(undefined);
    });

  test('tells every step once: its own at once, those of others when they come', async () => {
    const one = await follower();
    const other = await follower();
    await commit(one.store, 'a');
    expect(one.told).toEqual(['a']);
    await commit(other.store, 'b');
    await commit(one.store, 'c');
    await expect.poll(() => [...one.told].sort(), { interval: 10 }).toEqual(['a', 'b', 'c']);
    await expect.poll(() => [...other.told].sort(), { interval: 10 }).toEqual(['a', 'b', 'c']);
    // The last step seen by both: nothing of the earlier ones can still be on its way.
    await commit(one.store, 'd');
    await expect.poll(() => other.told.includes('d'), { interval: 10 }).toBe(true);
    await commit(other.store, 'e');
    await expect.poll(() => one.told.includes('e'), { interval: 10 }).toBe(true);
    expect([...one.told].sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('reads steps again that the listener failed on', async () => {
    const one = await follower();
    const told: string[] = [];
    let failures = 1;
    const feed = createChangeFeed(one.database.feedSource, {
      changed(changes) {
        if (failures-- > 0) throw new Error('not now');
        told.push(...changes.map(({ key }) => key));
      },
      lost() {},
    });
    feeds.push(feed);
    await feed.start();
    await commit(one.store, 'a');
    await expect.poll(() => told, { interval: 10 }).toEqual(['a']);
  });
});
