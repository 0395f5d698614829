import { describe, expect, test } from 'vitest';
import { auditChain } from '../../src/audit/chain.ts';
import { DAY, systemClock } from '../../src/base/clock.ts';
import { ok } from '../../src/base/result.ts';
import { createStore } from '../../src/storage/store.ts';
import type { TokenRecord } from '../../src/tokens/record.ts';
import { ENGINES, freshDatabase, openMigrated } from '../support/database.ts';

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
    const { db, close } = await openMigrated(files);
    const chain = auditChain('key');
    const store = createStore({ db, engine, chain, clock: systemClock, committed: () => {} });
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
    await close();
    await files.drop();
  });
});
