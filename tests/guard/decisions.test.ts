import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SESSION_COOKIE } from '../../src/http/credential.ts';
import {
  ask,
  bareRefusal,
  bearer,
  GUARDED,
  type Guarded,
  type Headers,
  headerOf,
  passed,
  refused,
  START,
  seen,
  startGuarded,
} from './support.ts';

let at: Guarded;
let alice: string;
let session: string;
beforeAll(async () => {
  at = await startGuarded();
  alice = await at.userToken('alice', ['read:image', 'read:tap'], { email: 'alice@example.com' });
  session = await at.user('sally');
});
afterAll(() => at.close());

const REALM = 'Bearer realm="example.com"';
const INVALID_TOKEN = `${REALM}, error="invalid_token", error_description="TEXT"`;
const INVALID_REQUEST = `${REALM}, error="invalid_request", error_description="TEXT"`;
const INSUFFICIENT = `${REALM}, error="insufficient_scope", error_description="TEXT"`;
const basic = (text: string): [string, string] => [
  'Authorization',
  `Basic ${Buffer.from(text).toString('base64')}`,
];
const cookie = (value: string): [string, string] => ['Cookie', `${SESSION_COOKIE}=${value}`];

const expectRefusal = async (query: string, headers: Headers, refusal: Parameters<typeof refused>[1]) => {
  const reply = await at.guard(query, headers);
  expect(seen(reply)).toEqual(refused(reply, refusal));
  return reply;
};

describe('parameters', () => {
  test.each<[string, object[]]>([
    [
      'satisfy=some',
      [{ type: 'enum', loc: ['query', 'satisfy'], input: 'some', ctx: { expected: "'all' or 'any'" } }],
    ],
    ['auth_type=digest', [{ type: 'enum', loc: ['query', 'auth_type'], input: 'digest' }]],
    ['notebook=perhaps', [{ type: 'bool_parsing', loc: ['query', 'notebook'], input: 'perhaps' }]],
    ['use_authorization=2', [{ type: 'bool_parsing', loc: ['query', 'use_authorization'] }]],
    ['minimum_lifetime=soon', [{ type: 'int_parsing', loc: ['query', 'minimum_lifetime'], input: 'soon' }]],
    [
      'minimum_lifetime=299',
      [{ type: 'greater_than_equal', loc: ['query', 'minimum_lifetime'], ctx: { ge: 300 } }],
    ],
    ['delegate_to=', [{ type: 'string_too_short', loc: ['query', 'delegate_to'] }]],
    ['notebook=true&delegate_to=x', [{ type: 'invalid_delegate_to', loc: ['query', 'delegate_to'] }]],
    ['service=a&delegate_to=b', [{ type: 'invalid_service', loc: ['query', 'delegate_to'] }]],
    [
      `minimum_lifetime=${30 * 86_400 - 299}`,
      [{ type: 'invalid_minimum_lifetime', loc: ['query', 'minimum_lifetime'] }],
    ],
    [
      'satisfy=x&notebook=x',
      [
        { type: 'enum', loc: ['query', 'satisfy'] },
        { type: 'bool_parsing', loc: ['query', 'notebook'] },
      ],
    ],
  ])('%s is refused before anything else is looked at', async (query, faults) => {
    const reply = await at.guard(query);
    expect(reply.status).toBe(422);
    expect(reply.json.detail).toMatchObject(faults);
    expect(reply.json.detail).toHaveLength(faults.length);
    expect(reply.headers).toEqual([['Content-Type', 'application/json']]);
  });

  test.each(['1', 'on', 'yes', 't', 'y', 'TRUE'])('%s means true', async (word) => {
    expect(headerOf(await at.guard(`notebook=${word}`, [bearer(alice)]), 'X-Auth-Request-Token')).toMatch(
      /^gt-/,
    );
  });

  test('both headers that name the guarded request are needed', async () => {
    const missing = (name: string) => ({
      type: 'missing',
      loc: ['header', name],
      msg: 'Field required',
      input: null,
    });
    const none = await ask(`${at.url}/ingress/auth?notebook=x`, [bearer(alice)]);
    expect(none.status).toBe(422);
    expect(none.json.detail.slice(1)).toEqual([missing('x-original-url'), missing('x-original-method')]);
    expect(none.json.detail[0].type).toBe('bool_parsing');
    const one = await ask(`${at.url}/ingress/auth?service=a&delegate_to=b`, GUARDED.slice(0, 1));
    expect(one.json.detail).toEqual([missing('x-original-method')]);
  });

  test('unknown ones are passed over; of one that stands twice the last counts', async () => {
    expect((await at.guard('unknown=1&satisfy=x&satisfy=all', [bearer(alice)])).status).toBe(200);
  });

  test('only GET and HEAD ask', async () => {
    for (const path of ['/ingress/auth', '/ingress/anonymous']) {
      const reply = await ask(at.url + path, [...GUARDED, bearer(alice)], 'POST', '{}');
      expect([reply.status, reply.json, headerOf(reply, 'Allow')]).toEqual([
        405,
        { detail: 'Method Not Allowed' },
        'GET, HEAD',
      ]);
      const head = await ask(at.url + path, [...GUARDED, bearer(alice)], 'HEAD');
      expect([head.status, head.text]).toEqual([200, '']);
    }
    const head = await ask(`${at.url}/ingress/auth`, GUARDED, 'HEAD');
    expect([head.status, head.text, headerOf(head, 'WWW-Authenticate')]).toEqual([401, '', REALM]);
  });
});

describe('the credential', () => {
  const nobody = (status = 401, challenge = REALM) =>
    bareRefusal(status, 'Authentication required', 'no_authorization', challenge);

  test('missing gives a bare challenge, of the kind the guard is told; scripts get 403', async () => {
    expect(seen(await at.guard(''))).toEqual(nobody());
    expect(seen(await at.guard('auth_type=basic'))).toEqual(nobody(401, 'Basic realm="example.com"'));
    for (const word of ['XMLHttpRequest', 'xmlhttprequest']) {
      expect(seen(await at.guard('', [['X-Requested-With', word]]))).toEqual(nobody(403));
    }
    expect(seen(await at.guard('', [['X-Requested-With', 'curl']]))).toEqual(nobody());
    expect(seen(await at.guard('', [basic('name:password')]))).toEqual(nobody());
    expect(seen(await at.guard('', [['Cookie', `${SESSION_COOKIE}=junk; other=x`]]))).toEqual(nobody());
  });

  test.each<[string, (token: string) => [string, string][]]>([
    ['Bearer', (t) => [['Authorization', `bearer   ${t}`]]],
    ['Basic name', (t) => [basic(`${t}:x-oauth-basic`)]],
    ['Basic password', (t) => [basic(`:${t}`)]],
    ['Basic name and password', (t) => [basic(`${t}:${t}`)]],
  ])('is taken as %s, whatever the challenge would be', async (_, headers) => {
    for (const query of ['', 'auth_type=basic']) {
      expect((await at.guard(query, headers(alice))).status).toBe(200);
    }
  });

  test('is an access JWT too', async () => {
    const form = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: alice,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      scope: 'read:tap',
    });
    const { json } = await at.call('POST', '/oauth/token', { body: form });
    const as = [bearer(json.access_token)];
    // It is a credential of ours, so it ends here like any other.
    expect(seen(await at.guard('scope=read:tap', as))).toEqual(
      passed(['X-Auth-Request-User', 'alice'], ['X-Auth-Request-Email', 'alice@example.com']),
    );
    expect((await at.guard('scope=read:image', as)).status).toBe(403);
  });

  test('in a cookie wins over a header, and is passed over where cookies do not count', async () => {
    const both: Headers = [cookie(session), bearer(alice)];
    expect(headerOf(await at.guard('', both), 'X-Auth-Request-User')).toBe('sally');
    expect(headerOf(await at.guard('allow_cookies=false', both), 'X-Auth-Request-User')).toBe('alice');
    expect((await at.guard('allow_cookies=false', [cookie(session)])).status).toBe(401);
    expect(headerOf(await at.guard('', [cookie('junk'), bearer(alice)]), 'X-Auth-Request-User')).toBe(
      'alice',
    );
  });

  test('in the first of several headers counts', async () => {
    expect((await at.guard('', [['Authorization', 'Digest x'], bearer(alice)])).status).toBe(403);
    expect((await at.guard('', [bearer(alice), ['Authorization', 'Digest x']])).status).toBe(200);
  });

  test.each<[string, (token: string) => [string, string]]>([
    ['another scheme', () => ['Authorization', 'Digest x']],
    ['a scheme alone', () => ['Authorization', 'Bearer']],
    ['Basic that is not base64', () => ['Authorization', 'Basic !!!']],
    ['Basic without a colon', (t) => basic(t)],
    ['Basic with two different tokens', (t) => basic(`${t}:gt-${'a'.repeat(22)}.${'b'.repeat(22)}`)],
  ])('malformed by %s is 403 and carries 400', async (_, header) => {
    await expectRefusal('', [header(alice)], {
      status: 403,
      carried: 400,
      type: 'invalid_request',
      challenge: INVALID_REQUEST,
    });
  });

  test.each<[string, () => string]>([
    ['junk', () => 'junk'],
    ['a token nobody made', () => `gt-${'a'.repeat(22)}.${'b'.repeat(22)}`],
    ['a wrong secret', () => `${alice.slice(0, 26)}${'b'.repeat(22)}`],
    ['the bootstrap token', () => at.bootstrap],
    ['a JWT of somebody else', () => 'eyJhbGciOiJub25lIn0.e30.'],
  ])('that is %s is 401, for scripts as well', async (_, text) => {
    const refusal = { status: 401, type: 'invalid_token', challenge: INVALID_TOKEN };
    await expectRefusal('', [bearer(text())], refusal);
    await expectRefusal('', [bearer(text()), ['X-Requested-With', 'XMLHttpRequest']], refusal);
    await expectRefusal('auth_type=basic', [bearer(text())], {
      ...refusal,
      challenge: 'Basic realm="example.com"',
    });
  });

  test('revoked or ended is 401', async () => {
    const revoked = await at.userToken('rose', []);
    await at.call('DELETE', `/auth/api/v1/users/rose/tokens/${revoked.slice(3, 25)}`, { token: at.admin });
    await expectRefusal('', [bearer(revoked)], {
      status: 401,
      type: 'invalid_token',
      challenge: INVALID_TOKEN,
    });
    const ended = await at.userToken('rose', [], { expires: at.now / 1000 + 300 });
    at.now += 300_000;
    await expectRefusal('', [bearer(ended)], {
      status: 401,
      type: 'invalid_token',
      challenge: INVALID_TOKEN,
    });
    at.now = START;
  });
});

describe('what the place demands', () => {
  const insufficient = (scope?: string) => ({
    status: 403,
    type: 'insufficient_scope',
    challenge: scope === undefined ? INSUFFICIENT : `${INSUFFICIENT}, scope="${scope}"`,
  });

  test('all scopes, or one of them', async () => {
    const as = [bearer(alice)];
    expect((await at.guard('scope=read:image&scope=read:tap', as)).status).toBe(200);
    expect((await at.guard('scope=exec:portal&scope=read:tap&satisfy=any', as)).status).toBe(200);
    const all = await expectRefusal(
      'scope=read:tap&scope=exec:portal',
      as,
      insufficient('exec:portal read:tap'),
    );
    // The sentence names what is missing and not what is there.
    expect(all.json.detail[0].msg).toContain('exec:portal');
    expect(all.json.detail[0].msg).not.toContain('read:tap');
    const any = await expectRefusal('scope=x:b&scope=x:a&satisfy=any', as, insufficient('x:a x:b'));
    for (const scope of ['x:a', 'x:b']) expect(any.json.detail[0].msg).toContain(scope);
    await expectRefusal('satisfy=any', as, insufficient());
    await expectRefusal('scope=exec:portal&auth_type=basic', as, {
      ...insufficient(),
      challenge: 'Basic realm="example.com"',
    });
  });

  test('a certain user, or the one whom the host names', async () => {
    const as = [bearer(alice)];
    expect((await at.guard('username=alice', as)).status).toBe(200);
    await expectRefusal('username=bob', as, insufficient());
    const host = (name: string): Headers => [
      ['X-Original-URL', `https://${name}/x`],
      ['X-Original-Method', 'GET'],
      bearer(alice),
    ];
    const domain = `${at.url}/ingress/auth?user_domain=true`;
    expect((await ask(domain, host('alice.nb.example.com'))).status).toBe(200);
    for (const name of ['bob.example.com', 'example.com', 'alice.example.org']) {
      const reply = await ask(domain, host(name));
      expect(seen(reply)).toEqual(refused(reply, insufficient()));
    }
  });

  test('a token made out to a certain service', async () => {
    const made = await at.guard('delegate_to=portal', [bearer(alice)]);
    const portal = headerOf(made, 'X-Auth-Request-Token') ?? '';
    const reply = await at.guard('only_service=other&only_service=portal', [bearer(portal)]);
    expect(seen(reply)).toEqual(
      passed(
        ['X-Auth-Request-User', 'alice'],
        ['X-Auth-Request-Email', 'alice@example.com'],
        ['X-Auth-Request-Service', 'portal'],
      ),
    );
    await expectRefusal('only_service=other', [bearer(portal)], insufficient());
    await expectRefusal('only_service=portal', [bearer(alice)], insufficient());
  });

  test('a certain time yet to live; one without an end always has it', async () => {
    const short = await at.userToken('shorty', ['read:tap'], { expires: at.now / 1000 + 600 });
    const as = [bearer(short)];
    expect((await at.guard('minimum_lifetime=600', as)).status).toBe(200);
    expect((await at.guard('minimum_lifetime=2591700', [bearer(alice)])).status).toBe(200);
    const tooShort = (status: number, challenge = INVALID_TOKEN) =>
      bareRefusal(
        status,
        'Remaining token lifetime too short',
        'invalid_token',
        challenge.replace('TEXT', 'Remaining token lifetime too short'),
      );
    expect(seen(await at.guard('minimum_lifetime=601', as))).toEqual(tooShort(401));
    expect(
      seen(await at.guard('minimum_lifetime=601', [...as, ['X-Requested-With', 'XMLHttpRequest']])),
    ).toEqual(tooShort(403));
    expect(seen(await at.guard('minimum_lifetime=601&auth_type=basic', as))).toEqual(
      tooShort(401, 'Basic realm="example.com"'),
    );
    // The time comes before the scopes, and a delegated token needs five minutes of it.
    expect((await at.guard('minimum_lifetime=601&scope=exec:portal', as)).status).toBe(401);
    at.now += 301_000;
    expect((await at.guard('', as)).status).toBe(200);
    expect((await at.guard('notebook=true', as)).status).toBe(401);
    at.now = START;
  });

  test('one thing after another, in the order clients rely on', async () => {
    const everything = 'scope=exec:portal&only_service=x&username=bob';
    expect((await at.guard(everything, [bearer(alice)])).json.detail[0].msg).toContain('exec:portal');
    const service = await at.guard('only_service=x&username=bob', [bearer(alice)]);
    expect(service.json.detail[0].msg).toContain('service');
    expect((await at.guard('username=bob', [bearer(alice)])).json.detail[0].msg).toContain('user');
  });
});

describe('to whoever passes', () => {
  test('who it is, and the address when it is known', async () => {
    expect(seen(await at.guard('scope=read:tap', [bearer(alice)]))).toEqual(
      passed(['X-Auth-Request-User', 'alice'], ['X-Auth-Request-Email', 'alice@example.com']),
    );
    const bot = await at.call('POST', '/auth/api/v1/tokens', {
      token: at.admin,
      body: { username: 'bot-quiet', token_type: 'service' },
    });
    expect(seen(await at.guard('', [bearer(bot.json.token)]))).toEqual(
      passed(['X-Auth-Request-User', 'bot-quiet']),
    );
  });

  test('a name that no header can hold does not break the answer', async () => {
    const token = await at.userToken('lotte', [], { email: 'lötte\u2603@example.com', name: 'Ł' });
    const reply = await at.guard('', [bearer(token)]);
    expect([reply.status, headerOf(reply, 'X-Auth-Request-Email')]).toEqual([200, 'lötte?@example.com']);
  });
});

test('every verdict is counted once, of OPTIONS too', async () => {
  const counted = async (outcome: string): Promise<number> => {
    const { text } = await at.call('GET', '/metrics');
    return Number(new RegExp(`^tessera_guard_${outcome}_total (\\d+)$`, 'm').exec(text)?.[1]);
  };
  const before = [await counted('allowed'), await counted('refused')] as const;
  const options: Headers = [GUARDED[0] ?? ['', ''], ['X-Original-Method', 'OPTIONS']];
  await at.guard('', [bearer(alice)]);
  await ask(`${at.url}/ingress/auth?allow_options=true`, options);
  // No check: it lets anybody pass.
  await ask(`${at.url}/ingress/anonymous`, GUARDED);
  expect([await counted('allowed'), await counted('refused')]).toEqual([before[0] + 2, before[1]]);

  await at.guard('', []);
  await at.guard('', [['Authorization', 'Basic !!!']]);
  await at.guard('', [bearer(`${alice.slice(0, -1)}!`)]);
  await at.guard('scope=exec:portal', [bearer(alice)]);
  await ask(`${at.url}/ingress/auth`, options);
  expect([await counted('allowed'), await counted('refused')]).toEqual([before[0] + 2, before[1] + 5]);
});
