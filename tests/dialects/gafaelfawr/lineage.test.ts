import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../../support/database.ts';
import { DAY, errorOf, json, keyOf, type Surface, startSurface, whole } from './support.ts';

describe.each(ENGINES)('what tokens rest on, on %s', (engine) => {
  let at: Surface;
  beforeAll(async () => {
    at = await startSurface(engine);
  });
  afterAll(() => at.close());

  test('children go with their parent, are cut with its end, and lose with its scopes', async () => {
    const seconds = Math.floor(at.now / 1000);
    const parent = await at.userToken('carla', ['read:tap', 'read:image', 'user:token'], {
      token_name: 'parent',
    });
    const child = async (token: string, query: string) => {
      const passed = await at.call('GET', `/ingress/auth?${query}`, {
        token,
        headers: { 'X-Original-URL': 'https://example.com/', 'X-Original-Method': 'GET' },
      });
      expect(passed.status, passed.text).toBe(200);
      return passed.headers.get('x-auth-request-token') ?? '';
    };
    const notebook = await child(parent, 'notebook=true');
    const internal = await child(
      notebook,
      'delegate_to=tap&delegate_scope=read:tap&delegate_scope=exec:portal',
    );
    const shown = await at.api('GET', `/users/carla/tokens/${keyOf(internal)}`, { token: parent });
    expect(whole(shown)).toEqual(
      json(200, {
        token: keyOf(internal),
        username: 'carla',
        token_type: 'internal',
        created: seconds,
        scopes: ['read:tap'],
        expires: seconds + 30 * DAY,
        service: 'tap',
        parent: keyOf(notebook),
      }),
    );
    const info = await at.api('GET', '/token-info', { token: notebook });
    expect(info.json).toEqual({
      token: keyOf(notebook),
      username: 'carla',
      token_type: 'notebook',
      created: seconds,
      scopes: ['read:image', 'read:tap', 'user:token'],
      expires: seconds + 30 * DAY,
      parent: keyOf(parent),
    });
    const listed = await at.api('GET', '/users/carla/tokens', { token: parent });
    expect(listed.json.some((token: object) => 'parent' in token)).toBe(false);

    const path = `/users/carla/tokens/${keyOf(parent)}`;
    await at.api('PATCH', path, { token: at.admin, body: { scopes: ['read:image', 'user:token'] } });
    expect((await at.api('GET', '/token-info', { token: internal })).json.scopes).toEqual([]);
    expect((await at.api('GET', '/token-info', { token: notebook })).json.scopes).toEqual([
      'read:image',
      'user:token',
    ]);

    await at.api('PATCH', path, { token: at.admin, body: { expires: seconds + DAY } });
    const cut = await at.api('GET', `/users/carla/tokens/${keyOf(internal)}/change-history`, {
      token: parent,
    });
    expect(cut.json[0]).toEqual({
      token: keyOf(internal),
      username: 'carla',
      token_type: 'internal',
      parent: keyOf(notebook),
      service: 'tap',
      scopes: ['read:tap'],
      expires: seconds + DAY,
      old_expires: seconds + 30 * DAY,
      action: 'edit',
      actor: 'admin',
      ip_address: '127.0.0.1',
      event_time: seconds,
    });

    await at.api('DELETE', path, { token: parent });
    for (const token of [parent, notebook, internal]) {
      expect((await at.api('GET', '/token-info', { token })).status).toBe(401);
    }
    const gone = await at.api('GET', '/users/carla/token-change-history', { token: at.admin });
    expect(
      gone.json.slice(0, 3).map((entry: { token: string; action: string }) => [entry.token, entry.action]),
    ).toEqual([
      [keyOf(parent), 'revoke'],
      [keyOf(notebook), 'revoke'],
      [keyOf(internal), 'revoke'],
    ]);
  });

  test('a user token of somebody whose role was taken away shows and allows less at once', async () => {
    await at.call('POST', '/api/v1/roles', {
      token: at.admin,
      body: { name: 'tapper', scopes: ['read:tap'] },
    });
    const session = await at.user('theo', ['tapper']);
    const made = await at.api('POST', '/users/theo/tokens', {
      token: session,
      body: { token_name: 'q', scopes: ['read:tap'] },
    });
    expect((await at.api('GET', '/token-info', { token: made.json.token })).json.scopes).toEqual([
      'read:tap',
    ]);
    await at.call('DELETE', '/api/v1/users/theo/roles/tapper', { token: at.admin });
    expect((await at.api('GET', '/token-info', { token: made.json.token })).json.scopes).toEqual([]);
  });

  test('scopes an administrator names for a token pinned to roles are there, also beyond these roles', async () => {
    for (const [name, scope] of [
      ['imager', 'read:image'],
      ['portal', 'exec:portal'],
    ]) {
      await at.call('POST', '/api/v1/roles', { token: at.admin, body: { name, scopes: [scope] } });
    }
    const session = await at.user('pia', ['imager', 'portal']);
    const made = await at.call('POST', '/api/v1/tokens', {
      token: session,
      body: { name: 'pinned', roles: ['imager'] },
    });
    const path = `/users/pia/tokens/${made.json.details.id}`;
    const shown = await at.api('GET', path, { token: session });
    expect(shown.json.scopes).toEqual(['read:image']);
    const body = { scopes: ['read:image', 'exec:portal'] };
    const changed = await at.api('PATCH', path, { token: at.admin, body });
    expect(changed.json.scopes).toEqual(['exec:portal', 'read:image']);
    const history = await at.api('GET', `${path}/change-history`, { token: session });
    expect(history.json[0]).toMatchObject({
      old_scopes: ['read:image'],
      scopes: ['exec:portal', 'read:image'],
    });
    // Beyond the role it was pinned to it was given, so that role takes away only its own.
    await at.call('DELETE', '/api/v1/users/pia/roles/imager', { token: at.admin });
    expect((await at.api('GET', path, { token: session })).json.scopes).toEqual(['exec:portal']);
  });
});

describe.each(ENGINES)('at the same time on %s', (engine) => {
  test('of many tokens wished for under one name, one is made and the others are told that it is taken', async () => {
    const at = await startSurface(engine);
    try {
      const token = await at.userToken('zoe', ['user:token']);
      const answers = await Promise.all(
        Array.from({ length: 20 }, () =>
          at.api('POST', '/users/zoe/tokens', { token, body: { token_name: 'the one' } }),
        ),
      );
      expect(answers.map((answer) => answer.status).sort()).toEqual([201, ...Array(19).fill(409)]);
      const taken = answers.filter((answer) => answer.status === 409).map(errorOf);
      expect(new Set(taken.map(String))).toEqual(new Set(['409,duplicate_token_name,body,token_name']));
    } finally {
      await at.close();
    }
  });
});
