import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../../support/database.ts';
import { DAY, errorOf, json, keyOf, NOW, START, type Surface, startSurface, whole } from './support.ts';

const TOKEN = expect.stringMatching(/^gt-[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{22}$/);

describe.each(ENGINES)('tokens on %s', (engine) => {
  let at: Surface;
  beforeAll(async () => {
    at = await startSurface(engine);
  });
  afterAll(() => at.close());

  test('an administrator makes a service token with everything the Python client sends', async () => {
    const made = await at.api('POST', '/tokens', {
      token: at.admin,
      body: {
        username: 'bot-metrics',
        token_type: 'service',
        scopes: ['write:sasquatch', 'read:image', 'read:image'],
        expires: '2026-09-20T12:00:00.750000+00:00',
        name: null,
        email: null,
        uid: null,
        gid: null,
        groups: null,
      },
    });
    const key = keyOf(made.json.token);
    expect(whole(made)).toEqual(
      json(201, { token: TOKEN }, { location: `/auth/api/v1/users/bot-metrics/tokens/${key}` }),
    );
    expect(whole(await at.api('GET', `/users/bot-metrics/tokens/${key}`, { token: at.admin }))).toEqual(
      json(200, {
        token: key,
        username: 'bot-metrics',
        token_type: 'service',
        created: NOW,
        scopes: ['read:image', 'write:sasquatch'],
        expires: NOW + 30 * DAY,
      }),
    );
    expect(whole(await at.api('GET', '/token-info', { token: made.json.token })).body).toMatchObject({
      token: key,
      scopes: ['read:image', 'write:sasquatch'],
    });
  });

  test('the bootstrap token makes tokens, also for users nobody made before, with what it says of them', async () => {
    const made = await at.api('POST', '/tokens', {
      token: at.bootstrap,
      body: {
        username: 'vera',
        token_type: 'user',
        token_name: 'laptop',
        scopes: 'read:tap,user:token',
        name: 'Vera Rubin',
        email: 'vera@example.com',
        uid: 4001,
        gid: '4002',
        groups: [
          { name: 'science', id: 12 },
          { name: 'admins', id: 11, extra: 'ignored' },
        ],
        unknown_field: true,
      },
    });
    const key = keyOf(made.json.token);
    expect(whole(made)).toEqual(
      json(201, { token: TOKEN }, { location: `/auth/api/v1/users/vera/tokens/${key}` }),
    );
    const { token } = made.json;
    expect(whole(await at.api('GET', '/user-info', { token }))).toEqual(
      json(200, {
        username: 'vera',
        name: 'Vera Rubin',
        email: 'vera@example.com',
        uid: 4001,
        gid: 4002,
        groups: [
          { name: 'admins', id: 11 },
          { name: 'science', id: 12 },
        ],
      }),
    );
    // What was said of the person goes with a token made by it; its own end is its own.
    const own = await at.api('POST', '/users/vera/tokens', { token, body: { token_name: 'ci' } });
    expect(own.status).toBe(201);
    expect((await at.api('GET', '/user-info', { token: own.json.token })).json.uid).toBe(4001);
    const history = await at.api('GET', '/users/vera/token-change-history', { token });
    expect(history.json.at(-1)).toMatchObject({ actor: '<bootstrap>', action: 'create', token: key });
    const asked = await at.call('GET', '/auth/gms?group=science&group=none', { token });
    expect(whole(asked)).toEqual({
      status: 200,
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        expires: new Date(START + 300_000).toUTCString(),
      },
      body: 'science\r\n',
    });
    expect((await at.call('GET', '/auth/gms', { token })).text).toBe('admins\r\nscience\r\n');
  });

  test('a user makes tokens as narrow as wished and as wide as the calling one, and no wider', async () => {
    const token = await at.userToken('ursula', ['user:token', 'read:tap']);
    const made = await at.api('POST', '/users/ursula/tokens', {
      token,
      body: { token_name: 'narrow', scopes: ['read:tap'], expires: NOW + DAY },
    });
    expect(whole(made)).toEqual(
      json(201, { token: TOKEN }, { location: `/auth/api/v1/users/ursula/tokens/${keyOf(made.json.token)}` }),
    );
    expect(errorOf(await at.api('GET', '/users/ursula/tokens', { token: made.json.token }))).toEqual([
      403,
      'permission_denied',
      undefined,
    ]);
    const wider = { token_name: 'wide', scopes: ['read:image'] };
    expect(errorOf(await at.api('POST', '/users/ursula/tokens', { token, body: wider }))).toEqual([
      422,
      'invalid_scopes',
      ['body', 'scopes'],
    ]);
    expect(
      errorOf(await at.api('POST', '/users/ursula/tokens', { token, body: { token_name: 'narrow' } })),
    ).toEqual([409, 'duplicate_token_name', ['body', 'token_name']]);
  });

  test('a token made by another lives on when that is revoked', async () => {
    const first = await at.userToken('nora', ['user:token']);
    const second = await at.api('POST', '/users/nora/tokens', {
      token: first,
      body: { token_name: 'second', scopes: ['user:token'] },
    });
    expect(whole(await at.api('DELETE', `/users/nora/tokens/${keyOf(first)}`, { token: first }))).toEqual({
      status: 204,
      headers: { 'cache-control': 'no-store' },
      body: '',
    });
    expect((await at.api('GET', '/token-info', { token: first })).status).toBe(401);
    expect((await at.api('GET', '/token-info', { token: second.json.token })).status).toBe(200);
  });

  test('lists are newest first, then by key, of every type, and empty for a user nobody knows', async () => {
    const keys: string[] = [];
    for (let n = 0; n < 4; n++) {
      if (n > 1) at.now += 1000;
      keys.push(keyOf(await at.userToken('lena', ['user:token'], { token_name: `t${n}` })));
    }
    const [first = '', second = '', third, fourth] = keys;
    const seen = await at.api('GET', '/users/lena/tokens', { token: at.admin });
    const shown = seen.json.map((token: { token: string }) => token.token);
    expect(shown).toEqual([fourth, third, ...[first, second].sort()]);
    expect(whole(await at.api('GET', '/users/stranger/tokens', { token: at.admin }))).toEqual(json(200, []));
  });

  test('a change names what it changes; null keeps name and scopes, and as an end means never', async () => {
    const token = await at.userToken('paul', ['read:tap', 'user:token'], {
      token_name: 'before',
      expires: Math.floor(at.now / 1000) + DAY,
    });
    const path = `/users/paul/tokens/${keyOf(token)}`;
    const created = Math.floor(at.now / 1000);
    const base = { token: keyOf(token), username: 'paul', token_type: 'user', created };
    const change = async (body: unknown) => whole(await at.api('PATCH', path, { token: at.admin, body }));

    expect(await change({ token_name: 'after', scopes: null })).toEqual(
      json(200, {
        ...base,
        token_name: 'after',
        scopes: ['read:tap', 'user:token'],
        expires: created + DAY,
      }),
    );
    expect(await change({ token_name: 'after', expires: null })).toEqual(
      json(200, { ...base, token_name: 'after', scopes: ['read:tap', 'user:token'] }),
    );
    expect(await change({ scopes: ['read:image', 'read:image'], expires: created + 2 * DAY })).toEqual(
      json(200, { ...base, token_name: 'after', scopes: ['read:image'], expires: created + 2 * DAY }),
    );
    // An empty list takes all scopes away, and at once.
    expect(await change({ scopes: [] })).toEqual(
      json(200, { ...base, token_name: 'after', scopes: [], expires: created + 2 * DAY }),
    );
    expect((await at.api('GET', '/token-info', { token })).json.scopes).toEqual([]);

    const history = await at.api('GET', `${path}/change-history`, { token: at.admin });
    const edit = {
      ...base,
      created: undefined,
      action: 'edit',
      actor: 'admin',
      ip_address: '127.0.0.1',
      event_time: created,
      token_name: 'after',
    };
    expect(history.json).toEqual(
      [
        { ...edit, scopes: [], expires: created + 2 * DAY, old_scopes: ['read:image'], old_expires: null },
        {
          ...edit,
          scopes: ['read:image'],
          expires: created + 2 * DAY,
          old_scopes: ['read:tap', 'user:token'],
          old_expires: null,
        },
        {
          ...edit,
          scopes: ['read:tap', 'user:token'],
          expires: null,
          old_token_name: 'after',
          old_expires: created + DAY,
        },
        {
          ...edit,
          scopes: ['read:tap', 'user:token'],
          expires: created + DAY,
          old_token_name: 'before',
          old_expires: null,
        },
        {
          ...edit,
          action: 'create',
          actor: '<bootstrap>',
          token_name: 'before',
          scopes: ['read:tap', 'user:token'],
          expires: created + DAY,
        },
      ].map(({ created: _, ...entry }) => entry),
    );
  });

  test('only user tokens are changed, and only by administrators', async () => {
    const owner = await at.userToken('rita', ['user:token']);
    const path = `/users/rita/tokens/${keyOf(owner)}`;
    expect(errorOf(await at.api('PATCH', path, { token: owner, body: { token_name: 'x' } }))).toEqual([
      403,
      'permission_denied',
      undefined,
    ]);
    const service = await at.api('POST', '/tokens', {
      token: at.admin,
      body: { username: 'bot-still', token_type: 'service' },
    });
    expect(
      errorOf(
        await at.api('PATCH', `/users/bot-still/tokens/${keyOf(service.json.token)}`, {
          token: at.admin,
          body: { scopes: ['read:tap'] },
        }),
      ),
    ).toEqual([403, 'permission_denied', undefined]);
  });

  test('when a token was last used is told', async () => {
    const token = await at.userToken('ulli', ['user:token']);
    const path = `/users/ulli/tokens/${keyOf(token)}`;
    expect((await at.api('GET', path, { token: at.admin })).json).not.toHaveProperty('last_used');
    at.now += 5000;
    const other = await at.replica();
    expect((await other.call('GET', '/auth/api/v1/token-info', { token })).status).toBe(200);
    // What was used is written within a minute, or when the process ends.
    await other.close();
    // biome-ignore format: the call is the point
    await expect.poll(async () => (await at.api('GET', path, { token: at.admin })).json.last_used)
      .toBe(Math.floor(at.now / 1000));
  });

  test('an ended token is refused, and its name is free for another', async () => {
    const seconds = Math.floor(at.now / 1000);
    const token = await at.userToken('edna', ['user:token'], { token_name: 'short', expires: seconds + 300 });
    at.now += 300_000;
    expect((await at.api('GET', '/token-info', { token })).status).toBe(401);
    const again = await at.userToken('edna', ['user:token'], { token_name: 'short' });
    const history = await at.api('GET', '/users/edna/token-change-history', { token: again });
    expect(
      history.json.map((entry: { action: string; actor: string }) => [entry.action, entry.actor]),
    ).toEqual([
      ['create', '<bootstrap>'],
      ['expire', '<internal>'],
      ['create', '<bootstrap>'],
    ]);
    expect(history.json[1].ip_address).toBeNull();
  });
});
