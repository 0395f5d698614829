import { describe, expect, test } from 'vitest';
import { auditChain } from '../../src/audit/chain.ts';
import { DAY, systemClock } from '../../src/base/clock.ts';
import { ok } from '../../src/base/result.ts';
import { createStore } from '../../src/storage/store.ts';
import { ENGINES, freshDatabase, openMigrated } from '../support/database.ts';
import { tokenRecord } from './records.ts';

const NOW = 2_000_000_000;
const LONG_AGO = NOW - 366 * DAY;

describe.each(ENGINES)('on %s', (engine) => {
  test('tokens dead for a year are dropped, children before parents, and no other', async () => {
    const files = await freshDatabase(engine);
    const { db, close } = await openMigrated(files);
    const chain = auditChain('key');
    const store = createStore({ db, engine, chain, clock: systemClock, committed: () => {} });
    await store.change<void>(async (tx) => {
      await tx.insertToken(tokenRecord('parent', { revokedAt: LONG_AGO }));
      await tx.insertToken(
        tokenRecord('child', { type: 'internal', name: null, parentId: 'parent', revokedAt: LONG_AGO }),
      );
      await tx.insertToken(tokenRecord('ended', { expiresAt: LONG_AGO, sweptAt: LONG_AGO }));
      await tx.insertToken(tokenRecord('unswept', { expiresAt: LONG_AGO }));
      await tx.insertToken(tokenRecord('lately', { revokedAt: NOW - 364 * DAY }));
      await tx.insertToken(tokenRecord('alive'));
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
