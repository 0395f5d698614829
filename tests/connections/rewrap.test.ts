import { afterEach, describe, expect, test } from 'vitest';
import { internalActor } from '../../src/access/principal.ts';
import { auditChain } from '../../src/audit/chain.ts';
import { createRewrap } from '../../src/connections/rewrap.ts';
import { keyringOf, masterKey } from '../../src/crypto/keyring.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { createSealer } from '../../src/crypto/seal.ts';
import { sealedPlaces } from '../../src/storage/sealed-places.ts';
import { createStore } from '../../src/storage/store.ts';
import { ENGINES, openMigrated } from '../support/database.ts';
import { bench, closeAll, proxmox, proxmoxAsPve } from './support.ts';

afterEach(closeAll);

const OLD = masterKey(new Uint8Array(32).fill(3));
/** The key that test servers run with. */
const ACTIVE = masterKey(new Uint8Array(32).fill(7));

describe.each(ENGINES)('the online re-wrap on %s', (engine) => {
  test('every sealed value of every table is wrapped by the active key, in batches, and still opens', async () => {
    const [server, double] = [await bench({ engine }), await proxmox()];
    const { maker } = double.credentials;
    await server.api('POST', '/connections', {
      ...proxmoxAsPve(double),
      fallback: { user: maker.user, password: maker.password },
    });
    const guarded = await server.call('GET', '/ingress/auth?scope=user:token&notebook=true', {
      token: server.admin,
      headers: { 'x-original-url': 'https://app.example/', 'x-original-method': 'GET' },
    });
    expect(guarded.status, guarded.text).toBe(200);

    // As if all of it had been sealed under the key before.
    const { database } = server;
    const opened = await openMigrated(database);
    const { db } = opened;
    const backwards = createSealer(keyringOf([OLD, ACTIVE]), systemRandom);
    const places = await sealedPlaces(db).sealedOtherThan('none', 1000);
    for (const { sealed, context, replace, place } of places) {
      const wrapped = backwards.rewrap(sealed, context);
      if (!wrapped.ok) throw new Error(place);
      await replace(wrapped.value);
    }
    const tables = new Set(places.map(({ place }) => place.split(' ')[0]));
    expect([...tables].sort()).toEqual(['connections', 'sealed_values', 'signing_keys', 'tokens']);

    // This process knows the active key only: nothing opens, and nothing is lost.
    const blind = await server.api('POST', '/master-keys/rewrap?limit=2');
    expect(blind.json).toMatchObject({ rewrapped: 0, remaining: places.length });
    expect(blind.json.failed).toHaveLength(places.length);

    const keyring = keyringOf([ACTIVE, OLD]);
    const store = createStore({
      db,
      engine: opened.engine,
      chain: auditChain('of this test'),
      clock: Date.now,
      committed: () => {},
    });
    const rewrap = createRewrap({
      store,
      sealer: createSealer(keyring, systemRandom),
      keyring,
      clock: Date.now,
    });
    const administrator = { ...internalActor, scopes: new Set(['admin:token']) };
    const remaining: number[] = [];
    do {
      const batch = await rewrap.batch(administrator, 3);
      if (!batch.ok) throw new Error(batch.error.message);
      remaining.push(batch.value.remaining);
      expect(batch.value.rewrapped).toBeLessThanOrEqual(3);
    } while (remaining.at(-1) !== 0);
    expect(remaining).toHaveLength(Math.ceil(places.length / 3));
    expect(await sealedPlaces(db).sealedByKey()).toEqual({ [ACTIVE.id]: places.length });
    await opened.close();
    const done = await server.api('POST', '/master-keys/rewrap');
    expect(done.json).toMatchObject({ rewrapped: 0, remaining: 0, total: places.length, failed: [] });
    expect((await server.api('POST', '/connections/pve/test')).json.ok).toBe(true);
  });

  test('only administrators of tokens may do it', async () => {
    const server = await bench({ engine });
    const nobody = await server.user('bob');
    const refused = await server.api('POST', '/master-keys/rewrap', undefined, nobody);
    expect(refused.status).toBe(403);
    expect(refused.json.required_scopes).toEqual(['admin:token']);
  });
});
