import { describe, expect, test } from 'vitest';
import { DAY, systemClock } from '../../src/base/clock.ts';
import { ok } from '../../src/base/result.ts';
import { Secret } from '../../src/base/secret.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { openDatabase } from '../../src/storage/open.ts';
import { createStore } from '../../src/storage/store.ts';
import type { TokenRecord } from '../../src/tokens/record.ts';
import { ENGINES, freshDatabase } from '../support/database.ts';

const NOW = 2_000_000_000;
const LONG_AGO = NOW - 366 * DAY;

const record = (id: string, more: Partial<TokenRecord> = {}): TokenRecord => ({
  id,
  secretDigest: '0'.repeat(64),
  sealedSecret: null,
  username: 'alice',
  type: 'user',
  name: id,
  description: '',
  roles: null,
  scopes: [],
  granted: [],
  service: null,
  parentId: null,
  createdAt: 1,
  createdBy: 'alice',
  expiresAt: null,
  revokedAt: null,
  revokedBy: null,
  sweptAt: null,
  lastUsedAt: null,
  lastUsedAddress: null,
  lastUsedRoute: null,
  userInfo: null,
  ...more,
});

describe.each(ENGINES)('on %s', (engine) => {
  test('tokens dead for a year are dropped, children before parents, and no other', async () => {
    const files = await freshDatabase(engine);
    const opened = await openDatabase(
      files.url === null
        ? { engine: 'sqlite', folder: files.folder }
        : { engine: 'postgres', url: new Secret(files.url) },
    );
    if (!opened.ok) throw new Error(opened.error.message);
    const { db } = opened.value;
    await migrate(db, engine);
    const mac = () => 'mac';
    const store = createStore({ db, engine, mac, clock: systemClock, committed: () => {} });
    await store.change<void>(async (tx) => {
      await tx.insertToken(record('parent', { revokedAt: LONG_AGO }));
      await tx.insertToken(
        record('child', { type: 'internal', name: null, parentId: 'parent', revokedAt: LONG_AGO }),
      );
      await tx.insertToken(record('ended', { expiresAt: LONG_AGO, sweptAt: LONG_AGO }));
      await tx.insertToken(record('unswept', { expiresAt: LONG_AGO }));
      await tx.insertToken(record('lately', { revokedAt: NOW - 364 * DAY }));
      await tx.insertToken(record('alive'));
      return ok(undefined);
    });
    await db.insertInto('delegations').values({ key: 'k', token_id: 'child' }).execute();
    const left = async () =>
      (await db.selectFrom('tokens').select('id').orderBy('id').execute()).map(({ id }) => id);

    await store.prune(NOW * 1000);
    expect(await left()).toEqual(['alive', 'lately', 'parent', 'unswept']);
    await store.prune(NOW * 1000);
    expect(await left()).toEqual(['alive', 'lately', 'unswept']);
    expect(await db.selectFrom('delegations').selectAll().execute()).toEqual([]);
    await opened.value.close();
    await files.drop();
  });
});
