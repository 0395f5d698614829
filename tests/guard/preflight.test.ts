import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, bearer, type Guarded, type Headers, passed, refused, seen, startGuarded } from './support.ts';

let at: Guarded;
let alice: string;
let session: string;
beforeAll(async () => {
  at = await startGuarded();
  alice = await at.userToken('alice', []);
  session = await at.user('sally');
});
afterAll(() => at.close());

describe('preflights and other OPTIONS', () => {
  const origin: [string, string] = ['Origin', 'https://example.com:8443'];
  const foreign: [string, string] = ['Origin', 'https://evil.example'];
  const method: [string, string] = ['Access-Control-Request-Method', 'POST'];
  const options = (query: string, headers: Headers) =>
    ask(`${at.url}/ingress/auth?${query}`, [
      ['X-Original-URL', 'https://elsewhere.example/x'],
      ['X-Original-Method', 'OPTIONS'],
      ...headers,
    ]);
  const rejected = { status: 403, type: 'cors_preflight_rejected' };
  const unsupported = { status: 403, carried: 404, type: 'options_not_supported' };

  test('from our own host pass without a credential, and carry none of ours on', async () => {
    expect(seen(await options('scope=exec:portal', [origin, method]))).toEqual(passed());
    expect(seen(await options('', [origin, method, bearer(alice), ['Cookie', 'a=b']]))).toEqual(
      passed(['Cookie', 'a=b']),
    );
  });

  test.each<[string, Headers, Parameters<typeof refused>[1] | null, Parameters<typeof refused>[1] | null]>([
    ['from elsewhere', [foreign, method], rejected, rejected],
    ['from nowhere', [['Origin', 'null'], method], rejected, rejected],
    ['that are no preflight', [], unsupported, null],
    ['with an origin only', [origin], unsupported, unsupported],
    ['with a method only', [method], unsupported, unsupported],
  ])('%s', async (_, headers, plainly, allowed) => {
    for (const [query, refusal] of [
      ['', plainly],
      ['allow_options=true', allowed],
    ] as const) {
      const reply = await options(query, headers);
      expect(seen(reply)).toEqual(refusal === null ? passed() : refused(reply, refusal));
    }
  });

  test('cannot be pretended behind a proxy that names the method in another header', async () => {
    const forwarded: Headers = [
      ['X-Forwarded-Method', 'POST'],
      ['X-Forwarded-Uri', '/x'],
      ['X-Forwarded-Host', 'example.com'],
    ];
    expect((await options('', [origin, method, ...forwarded])).status).toBe(401);
    const real = [...forwarded.slice(1), ['X-Forwarded-Method', 'OPTIONS'] as const];
    expect((await ask(`${at.url}/ingress/auth`, [origin, method, ...real])).status).toBe(200);
  });
});

describe('a proxy that passes any status on', () => {
  const FORWARDED: Headers = [
    ['X-Forwarded-Method', 'GET'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Host', 'alice.example.com'],
    ['X-Forwarded-Uri', '/x'],
  ];
  test('gets the real one', async () => {
    const url = `${at.url}/ingress/auth?user_domain=true`;
    expect((await ask(url, [...FORWARDED, bearer(alice)])).status).toBe(200);
    expect((await ask(url, [...FORWARDED, ['Authorization', 'Digest x']])).status).toBe(400);
    expect((await ask(url, [...FORWARDED, bearer(session)])).status).toBe(403);
    expect((await ask(url, FORWARDED)).status).toBe(401);
  });

  test('is not misled about the host by what its client wrote', async () => {
    const forged: Headers = [
      ['X-Original-URL', 'https://sally.example.com/'],
      ['X-Original-Method', 'GET'],
    ];
    const url = `${at.url}/ingress/auth?user_domain=true`;
    expect((await ask(url, [...forged, bearer(session)])).status).toBe(200);
    expect((await ask(url, [...forged, ...FORWARDED, bearer(session)])).status).toBe(403);
  });
});
