import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/database.ts';
import type { TestServer } from '../support/server.ts';
import {
  ask,
  bearer,
  GUARDED,
  type Guarded,
  headerOf,
  passed,
  START,
  seen,
  startGuarded,
} from './support.ts';

const DAY = 86_400;
const NOW = Math.floor(START / 1000);

describe.each(ENGINES)('delegation on %s', (engine) => {
  let at: Guarded;
  let other: TestServer;
  beforeAll(async () => {
    at = await startGuarded(engine);
    other = await at.replica();
  });
  afterAll(async () => {
    await other.close();
    await at.close();
  });

  const delegated = async (token: string, query: string, where: TestServer = at): Promise<string> => {
    const reply = await ask(`${where.url}/ingress/auth?${query}`, [...GUARDED, bearer(token)]);
    expect(reply.status, reply.text).toBe(200);
    return headerOf(reply, 'X-Auth-Request-Token') ?? '';
  };
  const infoOf = async (token: string) => (await at.call('GET', '/auth/api/v1/token-info', { token })).json;
  const keyOf = (token: string): string => token.slice(3, 25);

  test('a hundred askers at once on two processes are handed one and the same child', async () => {
    const parent = await at.userToken('crowd', ['read:tap', 'read:image']);
    for (const query of [
      'notebook=true',
      'delegate_to=tap&delegate_scope=read:tap&delegate_scope=read:image',
    ]) {
      const children = await Promise.all(
        Array.from({ length: 100 }, (_, n) => delegated(parent, query, n % 2 === 0 ? at : other)),
      );
      expect(new Set(children).size).toBe(1);
    }
    const { json } = await at.call('GET', '/auth/api/v1/users/crowd/tokens', { token: at.admin });
    expect(json.map((token: { token_type: string }) => token.token_type).sort()).toEqual([
      'internal',
      'notebook',
      'user',
    ]);
    const history = await at.call('GET', `/auth/api/v1/users/crowd/tokens/${keyOf(parent)}/change-history`, {
      token: at.admin,
    });
    expect(history.json).toHaveLength(3);
  });

  test('the service gets the whole token and nothing of its parent', async () => {
    const parent = await at.userToken('dora', ['read:tap']);
    const query = 'service=tap&delegate_to=tap&delegate_scope=read:tap&delegate_scope=exec:portal';
    const reply = await at.guard(query, [bearer(parent)]);
    const token = headerOf(reply, 'X-Auth-Request-Token') ?? '';
    expect(seen(reply)).toEqual(passed(['X-Auth-Request-User', 'dora'], ['X-Auth-Request-Token', token]));
    expect(await infoOf(token)).toEqual({
      token: keyOf(token),
      username: 'dora',
      token_type: 'internal',
      created: NOW,
      expires: NOW + 30 * DAY,
      scopes: ['read:tap'],
      service: 'tap',
      parent: keyOf(parent),
    });
    const asBearer = await at.guard(`${query}&use_authorization=true`, [
      bearer(parent),
      ['Authorization', 'Digest x'],
    ]);
    expect(seen(asBearer)).toEqual(
      passed(
        ['X-Auth-Request-User', 'dora'],
        ['X-Auth-Request-Token', token],
        ['Authorization', `Bearer ${token}`],
      ),
    );
    expect(
      seen(await at.guard('use_authorization=1', [bearer(parent), ['Authorization', 'Digest x']])),
    ).toEqual(passed(['X-Auth-Request-User', 'dora']));
  });

  test('the order of scopes makes no other token; another service, set of scopes or parent does', async () => {
    const parent = await at.userToken('oleg', ['read:tap', 'read:image']);
    const to = (service: string, ...scopes: string[]) =>
      [`delegate_to=${service}`, ...scopes.map((scope) => `delegate_scope=${scope}`)].join('&');
    const first = await delegated(parent, to('tap', 'read:tap', 'read:image'));
    expect(await delegated(parent, to('tap', 'read:image', 'read:tap'))).toBe(first);
    expect(await delegated(parent, to('tap', 'read:image,read:tap', 'exec:portal'))).toBe(first);
    const distinct = [
      first,
      await delegated(parent, to('tap', 'read:tap')),
      await delegated(parent, to('tap')),
      await delegated(parent, to('portal', 'read:tap', 'read:image')),
      await delegated(parent, 'notebook=true'),
      await delegated(
        await at.userToken('oleg', ['read:tap', 'read:image']),
        to('tap', 'read:tap', 'read:image'),
      ),
      await delegated(first, to('tap', 'read:tap', 'read:image')),
    ];
    expect(new Set(distinct).size).toBe(distinct.length);
  });

  test('a child never outlives its parent', async () => {
    const parent = await at.userToken('ella', [], { expires: NOW + 1000 });
    expect((await infoOf(await delegated(parent, 'notebook=true'))).expires).toBe(NOW + 1000);
  });

  test('another is made once the first is gone, or has too little life left', async () => {
    const parent = await at.userToken('igor', ['read:tap']);
    const query = 'delegate_to=tap&delegate_scope=read:tap';
    const first = await delegated(parent, query);
    at.now += (30 * DAY - 300) * 1000;
    expect(await delegated(parent, query)).toBe(first);
    const longer = await delegated(parent, `${query}&minimum_lifetime=301`);
    expect(longer).not.toBe(first);
    at.now += 1000;
    expect(await delegated(parent, query)).toBe(longer);
    at.now = START;

    await at.call('DELETE', `/auth/api/v1/users/igor/tokens/${keyOf(longer)}`, { token: at.admin });
    const third = await delegated(parent, query);
    expect(third).not.toBe(longer);
    // The other process learns of it too.
    await expect.poll(() => delegated(parent, query, other), { interval: 20, timeout: 5_000 }).toBe(third);
  });

  test('a scope taken from the parent is taken from the children at once, everywhere', async () => {
    const parent = await at.userToken('mona', ['read:tap', 'read:image']);
    const notebook = await delegated(parent, 'notebook=true');
    const internal = await delegated(notebook, 'delegate_to=tap&delegate_scope=read:tap');
    await delegated(parent, 'notebook=true', other);
    const check = async (token: string, where: TestServer) =>
      (await ask(`${where.url}/ingress/auth?scope=read:tap`, [...GUARDED, bearer(token)])).status;
    for (const token of [notebook, internal]) {
      for (const where of [at, other]) expect(await check(token, where)).toBe(200);
    }
    await at.call('PATCH', `/auth/api/v1/users/mona/tokens/${keyOf(parent)}`, {
      token: at.admin,
      body: { scopes: ['read:image'] },
    });
    for (const token of [notebook, internal]) {
      expect(await check(token, at)).toBe(403);
      await expect.poll(() => check(token, other), { interval: 20, timeout: 5_000 }).toBe(403);
    }
    expect((await infoOf(await delegated(parent, 'notebook=true'))).scopes).toEqual(['read:image']);
  });

  test('a session delegates like any token, and signing out ends what it handed out', async () => {
    const session = await at.user('sven');
    const notebook = await delegated(session, 'notebook=true');
    expect((await infoOf(notebook)).scopes).toEqual(['user:token']);
    await at.call('DELETE', '/api/v1/sessions/current', { token: session });
    expect((await at.guard('', [bearer(notebook)])).status).toBe(401);
  });
});
