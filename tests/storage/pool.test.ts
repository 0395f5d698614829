import { expect, test } from 'vitest';
import { auditChain } from '../../src/audit/chain.ts';
import { systemClock } from '../../src/base/clock.ts';
import { ok } from '../../src/base/result.ts';
import { Secret } from '../../src/base/secret.ts';
import type { PeopleStore } from '../../src/people/store.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { openDatabase } from '../../src/storage/open.ts';
import { createStore } from '../../src/storage/store.ts';
import { freshDatabase } from '../support/database.ts';

const CHANGES = 25;

test('on PostgreSQL reads go on while many changes wait for another process, and none of them is lost', async () => {
  const place = await freshDatabase('postgres');
  const url = place.url ?? '';
  const opened = await openDatabase({ engine: 'postgres', url: new Secret(url) });
  if (!opened.ok) throw new Error(opened.error.message);
  const { db, engine, close } = opened.value;
  expect((await migrate(db, engine)).ok).toBe(true);
  const needs = { db, engine, chain: auditChain('key'), clock: systemClock, committed: () => {} };
  const store = createStore(needs);
  const people: PeopleStore = store;

  // A change of another process that is in the middle of something.
  const other = await openDatabase({ engine: 'postgres', url: new Secret(url) });
  if (!other.ok) throw new Error(other.error.message);
  const elsewhere = createStore({ ...needs, db: other.value.db });
  let finish: () => void = () => {};
  let inside: () => void = () => {};
  const entered = new Promise<void>((resolve) => {
    inside = resolve;
  });
  const slow = elsewhere.change<void>(async () => {
    inside();
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return ok(undefined);
  });
  await entered;

  const changes = Array.from({ length: CHANGES }, (_, at) =>
    people.change<void>(async (tx) => {
      await tx.putScope({ name: `scope:${at}`, description: 'one', builtin: false });
      return ok(undefined);
    }),
  );
  expect(await store.token('nobody')).toBeNull();
  expect((await store.knownScopes()).size).toBe(0);
  finish();
  expect((await Promise.all([slow, ...changes])).every((result) => result.ok)).toBe(true);
  expect((await store.knownScopes()).size).toBe(CHANGES);

  await close();
  await other.value.close();
  await place.drop();
});
