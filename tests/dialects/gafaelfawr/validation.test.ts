import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorOf, faultsOf, json, keyOf, NOW, type Surface, startSurface, whole } from './support.ts';

let at: Surface;
let token: string;
let mine: string;
beforeAll(async () => {
  at = await startSurface();
  token = await at.userToken('some-user', ['user:token', 'read:tap']);
  mine = `/users/some-user/tokens/${keyOf(token)}`;
});
afterAll(() => at.close());

const USER = { username: 'some-user', token_type: 'user', token_name: 'a token' };
const SERVICE = { username: 'bot-some', token_type: 'service' };
const BOTH = 'body.token_name';

describe('POST /tokens', () => {
  test.each<[string, unknown, [string, string][]]>([
    [
      'nothing',
      {},
      [
        ['missing', 'body.username'],
        ['missing', 'body.token_type'],
      ],
    ],
    ['a list', [], [['model_attributes_type', 'body']]],
    ['a text', '"x"', [['model_attributes_type', 'body']]],
    ['null', 'null', [['missing', 'body']]],
    ['an empty name', { ...USER, username: '' }, [['string_too_short', 'body.username']]],
    ['a long name', { ...USER, username: 'a'.repeat(65) }, [['string_too_long', 'body.username']]],
    ['a name in capitals', { ...USER, username: 'Some' }, [['string_pattern_mismatch', 'body.username']]],
    ['a letter and a digit', { ...USER, username: 'a1' }, [['string_pattern_mismatch', 'body.username']]],
    ['digits behind a letter', { ...USER, username: 'a123' }, [['string_pattern_mismatch', 'body.username']]],
    ['a letter behind a dash', { ...USER, username: 'a-b' }, [['string_pattern_mismatch', 'body.username']]],
    ['a name and a line end', { ...USER, username: 'ab\n' }, [['string_pattern_mismatch', 'body.username']]],
    ['a name that is a number', { ...USER, username: 7 }, [['string_type', 'body.username']]],
    ['an unknown type', { ...USER, token_type: 'robot' }, [['enum', 'body.token_type']]],
    ['a session', { ...USER, token_type: 'session' }, [['value_error', 'body.token_type']]],
    ['a notebook token', { ...USER, token_type: 'notebook' }, [['value_error', 'body.token_type']]],
    ['a user token without a name', { ...USER, token_name: undefined }, [['value_error', BOTH]]],
    ['a service token with a name', { ...SERVICE, token_name: 'x' }, [['value_error', BOTH]]],
    ['an empty token name', { ...USER, token_name: '' }, [['string_too_short', BOTH]]],
    ['a long token name', { ...USER, token_name: 'x'.repeat(65) }, [['string_too_long', BOTH]]],
    ['no moment', { ...USER, expires: 'soon' }, [['datetime_from_date_parsing', 'body.expires']]],
    ['scopes that are a number', { ...USER, scopes: 1 }, [['value_error', 'body.scopes']]],
    ['scopes that are null', { ...USER, scopes: null }, [['value_error', 'body.scopes']]],
    ['a scope that is a number', { ...USER, scopes: ['read:tap', 1] }, [['string_type', 'body.scopes.1']]],
    ['an empty full name', { ...USER, name: '' }, [['string_too_short', 'body.name']]],
    ['a uid that is no number', { ...USER, uid: 'x' }, [['int_parsing', 'body.uid']]],
    ['a uid of nought', { ...USER, uid: 0 }, [['greater_than_equal', 'body.uid']]],
    ['a gid with a fraction', { ...USER, gid: 1.5 }, [['int_from_float', 'body.gid']]],
    [
      'bad groups',
      { ...USER, groups: [{ name: '', id: 1 }, { name: '1', id: 'x' }, {}] },
      [
        ['string_too_short', 'body.groups.0.name'],
        ['string_pattern_mismatch', 'body.groups.1.name'],
        ['int_parsing', 'body.groups.1.id'],
        ['missing', 'body.groups.2.name'],
        ['missing', 'body.groups.2.id'],
      ],
    ],
  ])('with %s is answered with every fault and its place', async (_, body, faults) => {
    const answer = await at.api('POST', '/tokens', { token: at.admin, body });
    expect(answer.status, answer.text).toBe(422);
    expect(faultsOf(answer)).toEqual(faults);
    for (const fault of answer.json.detail)
      expect(Object.keys(fault)).toEqual(expect.arrayContaining(['msg', 'input']));
  });

  test.each<[string, Record<string, unknown>, number, string, unknown]>([
    [
      'blanks around a token name',
      { ...USER, token_name: ' x ' },
      422,
      'value_error',
      ['body', 'token_name'],
    ],
    ['a user token for a bot', { ...USER, username: 'bot-user' }, 201, '', undefined],
    ['the shortest names', { ...USER, username: '1a' }, 201, '', undefined],
    ['a scope nobody knows', { ...USER, scopes: ['no:such'] }, 422, 'invalid_scopes', ['body', 'scopes']],
    ['an end too near', { ...USER, expires: NOW + 299 }, 422, 'invalid_expires', ['body', 'expires']],
    ['an end in the past', { ...USER, expires: -1 }, 422, 'invalid_expires', ['body', 'expires']],
    ['the nearest end there may be', { ...USER, username: 'near', expires: NOW + 300 }, 201, '', undefined],
    ['no bot', { ...SERVICE, username: 'some-user' }, 403, 'permission_denied', undefined],
    [
      'no bot and no known scope',
      { ...SERVICE, username: 'x-user', scopes: ['no:such'] },
      422,
      'invalid_scopes',
      ['body', 'scopes'],
    ],
    [
      'no bot and a bad end',
      { ...SERVICE, username: 'x-user', expires: 0 },
      422,
      'invalid_expires',
      ['body', 'expires'],
    ],
    ['scopes beyond the caller’s own', { ...SERVICE, scopes: ['admin:userinfo'] }, 201, '', undefined],
  ])('for %s', async (_, body, status, type, loc) => {
    const answer = await at.api('POST', '/tokens', { token: at.bootstrap, body });
    expect(answer.status, answer.text).toBe(status);
    if (status !== 201) expect(errorOf(answer)).toEqual([status, type, loc]);
  });

  test('for a disabled user is refused', async () => {
    await at.userToken('gone', []);
    await at.call('PATCH', '/api/v1/users/gone', { token: at.admin, body: { disabled: true } });
    const answer = await at.api('POST', '/tokens', { token: at.admin, body: { ...USER, username: 'gone' } });
    expect(errorOf(answer)).toEqual([403, 'permission_denied', undefined]);
  });

  test('keeps to the longest life that is configured', async () => {
    const strict = await startSurface('sqlite', { TESSERA_MAX_TOKEN_LIFETIME: '1d' });
    try {
      for (const expires of [undefined, null, NOW + 86_401]) {
        const answer = await strict.api('POST', '/tokens', {
          token: strict.admin,
          body: { ...USER, expires },
        });
        expect(errorOf(answer)).toEqual([422, 'invalid_expires', ['body', 'expires']]);
      }
      const fits = { ...USER, expires: NOW + 86_400 };
      expect((await strict.api('POST', '/tokens', { token: strict.admin, body: fits })).status).toBe(201);
    } finally {
      await strict.close();
    }
  });

  test('for a name that differs from a user’s in upper and lower case only says so', async () => {
    await at.call('POST', '/api/v1/users', { token: at.admin, body: { username: 'Mixed' } });
    const answer = await at.api('POST', '/tokens', { token: at.admin, body: { ...USER, username: 'mixed' } });
    expect(errorOf(answer)).toEqual([422, 'value_error', ['body', 'username']]);
  });
});

test('one fault is told in full: type, place, sentence, what was sent and the bound', async () => {
  const answer = await at.api('POST', '/tokens', {
    token: at.admin,
    body: { ...USER, uid: 0, token_type: 'x' },
  });
  const words = "'session', 'user', 'notebook', 'internal', 'service' or 'oidc'";
  expect(whole(answer)).toEqual(
    json(422, {
      detail: [
        {
          type: 'enum',
          loc: ['body', 'token_type'],
          msg: `Input should be ${words}`,
          input: 'x',
          ctx: { expected: words },
        },
        {
          type: 'greater_than_equal',
          loc: ['body', 'uid'],
          msg: 'Input should be greater than or equal to 1',
          input: 0,
          ctx: { ge: 1 },
        },
      ],
    }),
  );
});

describe('bodies', () => {
  test('that are not JSON by syntax, by type or at all are refused', async () => {
    const path = '/users/some-user/tokens';
    const broken = await at.api('POST', path, { token, body: '{"token_name": "x",}' });
    expect(errorOf(broken).slice(0, 2)).toEqual([422, 'json_invalid']);
    expect(broken.json.detail[0].loc[0]).toBe('body');
    const form = await at.api('POST', path, { token, body: new URLSearchParams({ token_name: 'x' }) });
    expect(errorOf(form)).toEqual([422, 'model_attributes_type', ['body']]);
    const none = await at.api('POST', path, { token });
    expect(errorOf(none)).toEqual([422, 'missing', ['body']]);
  });

  test('may come without a content type, and of a key that stands twice the last counts', async () => {
    const response = await fetch(`${at.url}/auth/api/v1/users/some-user/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: new TextEncoder().encode('{"token_name": "", "token_name": "from bytes"}'),
    });
    expect(response.status, await response.text()).toBe(201);
  });
});

describe('paths and queries', () => {
  test.each<[string, [string, string][]]>([
    ['/users/Some-User/tokens', [['string_pattern_mismatch', 'path.username']]],
    ['/users/some-user/tokens/short', [['string_too_short', 'path.key']]],
    [`/users/some-user/tokens/${'x'.repeat(23)}`, [['string_too_long', 'path.key']]],
    ['/users/some-user/token-change-history?limit=0', [['greater_than_equal', 'query.limit']]],
    ['/users/some-user/token-change-history?limit=ten', [['int_parsing', 'query.limit']]],
    ['/users/some-user/token-change-history?cursor=x', [['string_pattern_mismatch', 'query.cursor']]],
    [
      '/users/some-user/token-change-history?cursor=99999999999999999999_1',
      [['invalid_cursor', 'query.cursor']],
    ],
    ['/users/some-user/token-change-history?since=then', [['datetime_from_date_parsing', 'query.since']]],
    ['/users/some-user/token-change-history?key=x', [['string_too_short', 'query.key']]],
    ['/users/some-user/token-change-history?token_type=x', [['enum', 'query.token_type']]],
    ['/users/some-user/token-change-history?ip_address=x', [['invalid_ip_address', 'query.ip_address']]],
    [
      '/users/some-user/token-change-history?ip_address=10.0.0.1/8',
      [['invalid_ip_address', 'query.ip_address']],
    ],
    [
      '/history/token-changes?username=X&actor=%3CX%3E&limit=-1',
      [
        ['greater_than_equal', 'query.limit'],
        ['string_pattern_mismatch', 'query.username'],
        ['string_pattern_mismatch', 'query.actor'],
      ],
    ],
    ['/users/X', [['string_pattern_mismatch', 'path.username']]],
  ])('%s is answered with its faults', async (path, faults) => {
    const answer = await at.api('GET', path, { token: at.admin });
    expect(answer.status, answer.text).toBe(422);
    expect(faultsOf(answer)).toEqual(faults);
  });

  test('that are unknown are passed over', async () => {
    expect((await at.api('GET', `${mine}?unknown=1`, { token })).status).toBe(200);
  });

  test('addresses that lead nowhere, and methods that no address has, get plain answers', async () => {
    for (const path of ['/nowhere', '/admins', '/oidc-clients']) {
      expect(whole(await at.api('GET', path, { token: at.admin }))).toEqual(
        json(404, { detail: 'Not Found' }),
      );
    }
    expect(whole(await at.api('PUT', '/tokens', { token: at.admin, body: {} }))).toEqual(
      json(405, { detail: 'Method Not Allowed' }, { allow: 'POST' }),
    );
  });
});

describe('the order in which things are wrong', () => {
  const path = '/users/some-user/tokens';
  test('syntax comes before the credential', async () => {
    expect(errorOf(await at.api('POST', path, { body: '{' }))[1]).toBe('json_invalid');
  });

  test('the credential comes before the fields', async () => {
    expect(errorOf(await at.api('POST', path, { body: {} }))).toEqual([401, 'no_authorization', undefined]);
  });

  test('the scope of the route comes before the fields', async () => {
    expect(errorOf(await at.api('POST', '/tokens', { token, body: {} }))).toEqual([
      403,
      'permission_denied',
      undefined,
    ]);
    expect(errorOf(await at.api('GET', '/history/token-changes?limit=x', { token }))[1]).toBe(
      'permission_denied',
    );
  });

  test('the fields come before whose it is', async () => {
    const answer = await at.api('POST', '/users/somebody-else/tokens', { token, body: {} });
    expect(errorOf(answer)[1]).toBe('missing');
  });

  test('existence comes before whose it is, for everybody, and under another name a token does not exist', async () => {
    const other = await at.userToken('another', []);
    const absent = 'a'.repeat(22);
    for (const method of ['GET', 'DELETE']) {
      for (const where of [`/users/another/tokens/${absent}`, `/users/another/tokens/${keyOf(token)}`]) {
        for (const who of [token, other, at.admin]) {
          expect(errorOf(await at.api(method, where, { token: who }))).toEqual([
            404,
            'not_found',
            ['path', 'key'],
          ]);
        }
      }
      expect(errorOf(await at.api(method, mine, { token: other }))).toEqual([
        403,
        'permission_denied',
        undefined,
      ]);
    }
    const change = { token: at.admin, body: { token_name: 'x' } };
    expect(errorOf(await at.api('PATCH', `/users/another/tokens/${keyOf(token)}`, change))[0]).toBe(404);
  });

  test('in histories permission comes before existence', async () => {
    const other = await at.userToken('third', ['user:token']);
    const absent = `/users/some-user/tokens/${'a'.repeat(22)}/change-history`;
    expect(errorOf(await at.api('GET', absent, { token: other }))[0]).toBe(403);
    expect(errorOf(await at.api('GET', absent, { token }))).toEqual([404, 'not_found', ['path', 'key']]);
  });

  test('whose it is comes before what may be asked', async () => {
    const body = { token_name: 'x', scopes: ['no:such'], expires: 1 };
    expect(errorOf(await at.api('POST', '/users/another/tokens', { token: at.admin, body }))[0]).toBe(403);
    expect(errorOf(await at.api('POST', path, { token, body }))[1]).toBe('invalid_scopes');
  });
});

describe('who may', () => {
  test('tokens without user:token read themselves and nothing else', async () => {
    const bare = await at.userToken('bare-one', []);
    for (const allowed of ['/token-info', '/user-info']) {
      expect((await at.api('GET', allowed, { token: bare })).status, allowed).toBe(200);
    }
    expect(errorOf(await at.api('GET', '/quota-overrides', { token: bare }))).toEqual([
      404,
      'not_found',
      undefined,
    ]);
    const own = `/users/bare-one/tokens/${keyOf(bare)}`;
    for (const refused of [
      '/users/bare-one/tokens',
      own,
      `${own}/change-history`,
      '/users/bare-one/token-change-history',
    ]) {
      expect(errorOf(await at.api('GET', refused, { token: bare })), refused).toEqual([
        403,
        'permission_denied',
        undefined,
      ]);
    }
    expect(errorOf(await at.api('DELETE', own, { token: bare }))[0]).toBe(403);
    expect(
      errorOf(await at.api('POST', '/users/bare-one/tokens', { token: bare, body: { token_name: 'x' } }))[0],
    ).toBe(403);
  });

  test('admin:token alone is enough for anybody’s tokens', async () => {
    const admin = await at.userToken('only-admin', ['admin:token']);
    expect((await at.api('GET', mine, { token: admin })).status).toBe(200);
    expect((await at.api('GET', '/history/token-changes', { token: admin })).status).toBe(200);
    expect(
      (
        await at.api('POST', '/users/only-admin/tokens', {
          token: admin,
          body: { token_name: 'own', scopes: ['read:tap'] },
        })
      ).status,
    ).toBe(201);
  });

  test('no directory is there, for anybody who has a token', async () => {
    for (const path of ['/users', '/groups', '/users/some-user', '/users/nobody-at-all']) {
      expect(errorOf(await at.api('GET', path, { token })), path).toEqual([404, 'not_supported', undefined]);
      expect(errorOf(await at.api('GET', path)), path).toEqual([401, 'no_authorization', undefined]);
    }
  });
});
