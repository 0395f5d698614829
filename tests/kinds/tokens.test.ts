import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { gafaelfawr } from '../../src/kinds/gafaelfawr/kind.ts';
import { http } from '../../src/kinds/http/kind.ts';
import type { Credential, CredentialInput, Expectations, Kind, Subject } from '../../src/kinds/kind.ts';
import { osmo } from '../../src/kinds/osmo/kind.ts';
import { KINDS } from '../../src/kinds/registry.ts';
import { closeAll, later, outbound } from './support.ts';

afterEach(closeAll);

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly authorization: string;
  readonly body: string;
  readonly request: IncomingMessage;
}
type Answer = { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> };

/** A plain server that answers from a function and remembers what it was asked. */
async function serve(answer: (seen: Seen) => Answer) {
  const seen: Seen[] = [];
  const server = later(
    createServer(async (request, response) => {
      const entry: Seen = {
        method: request.method ?? '',
        url: request.url ?? '',
        authorization: request.headers.authorization ?? '',
        body: await text(request),
        request,
      };
      seen.push(entry);
      const { status, body, headers = {} } = answer(entry);
      const json =
        body === undefined
          ? ''
          : typeof body === 'string' && !headers['x-json']
            ? body
            : JSON.stringify(body);
      response.writeHead(status, headers).end(json);
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

function subjectFor(kind: Kind, url: string, input: CredentialInput, clock = Date.now): Subject {
  const read = kind.readCredential(input);
  if (!read.ok) throw new Error(read.error.message);
  return { client: outbound(url, { mode: 'system' }), credential: read.value.credential, clock };
}

const codes = async (kind: Kind, subject: Subject, expectation?: Expectations): Promise<string[]> => {
  const report = await kind.test({
    ...subject,
    ...(expectation === undefined ? {} : { expect: expectation }),
  });
  return report.findings.map((finding) => finding.code);
};

describe('OSMO', () => {
  const PAT = 'osmo_0123456789abcdefghij';
  const jwt = (exp: number): string =>
    ['{"alg":"RS256"}', JSON.stringify({ exp }), 'x']
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.');
  let exchanges = 0;

  const server = (refusal?: Answer, roles: readonly string[] = ['osmo-user', 'osmo-default'], life = 300) => {
    exchanges = 0;
    return serve(({ method, url, body, authorization, request }) => {
      if (url === '/api/auth/jwt/access_token') {
        exchanges += 1;
        if (refusal) return refusal;
        if (request.headers.authorization !== undefined)
          return { status: 400, body: { message: 'unexpected login' } };
        if (JSON.parse(body).token !== PAT)
          return { status: 400, body: { message: 'unknown token', error_code: 'USER' } };
        const exp = Math.floor(Date.now() / 1000) + life;
        return { status: 200, body: { token: jwt(exp), expires_at: exp } };
      }
      if (!authorization.startsWith('Bearer ey')) return { status: 401, body: 'no' };
      if (url === '/api/profile/settings')
        return {
          status: 200,
          body: {
            profile: { username: 'alice@example.com' },
            roles,
            pools: ['default'],
            token: { name: 'tessera', expires_at: '2031-01-01T00:00:00' },
          },
        };
      if (method === 'POST' && url.startsWith('/api/auth/access_token/'))
        return { status: 200, body: 'osmo_new', headers: { 'x-json': '1' } };
      if (method === 'DELETE') return { status: 200, body: null };
      return { status: 404, body: { message: 'no such route' } };
    });
  };

  test('takes the token in exchange and says who it is, what it may do and when it ends', async () => {
    const { url, seen } = await server();
    const report = await osmo.test(subjectFor(osmo, url, { secret: PAT }));
    expect(report).toMatchObject({
      verdict: 'healthy',
      identity: 'alice@example.com',
      expiresAt: Date.UTC(2031, 0, 1) / 1000,
      facts: { tokenName: 'tessera', roles: ['osmo-user'], pools: ['default'] },
    });
    // The token itself travels in one body only, never in a header or a path.
    for (const request of seen) expect(`${request.url} ${request.authorization}`).not.toContain(PAT);
  });

  test.each<[string, Answer | undefined, readonly string[] | undefined, string[]]>([
    [
      'a refusal',
      { status: 400, body: { message: 'unknown token', error_code: 'USER' } },
      undefined,
      ['OSMO_TOKEN_REFUSED'],
    ],
    [
      'an end',
      { status: 400, body: { message: 'token expired', error_code: 'USER' } },
      undefined,
      ['OSMO_TOKEN_EXPIRED'],
    ],
    ['a page', { status: 200, body: '<html></html>' }, undefined, ['OSMO_NOT_OSMO']],
    ['a failure', { status: 500, body: { message: 'oops' } }, undefined, ['OSMO_ODD']],
    ['no roles', undefined, ['osmo-default'], ['OSMO_NO_ROLES']],
  ])('is diagnosed by its answer: %s', async (_name, refusal, roles, expected) => {
    const { url } = await server(refusal, roles);
    expect(await codes(osmo, subjectFor(osmo, url, { secret: PAT }))).toEqual(expected);
  });

  test('lacks a role that is expected, and the role is named', async () => {
    const { url } = await server();
    const subject = subjectFor(osmo, url, { secret: PAT });
    expect(await codes(osmo, subject, { privileges: ['osmo-admin'] })).toEqual(['OSMO_ROLES']);
  });

  test('is logged in again shortly before the short login ends, and not before', async () => {
    let now = Date.now();
    const { url } = await server();
    const carrier = osmo.carrier(subjectFor(osmo, url, { secret: PAT }, () => now));
    await Promise.all([carrier.inject('GET'), carrier.inject('GET')]);
    await carrier.inject('GET');
    expect(exchanges).toBe(1);
    now += 280_000;
    const renewed = await carrier.inject('GET');
    expect(exchanges).toBe(2);
    expect(renewed.ok && renewed.value.strip).toContain('x-osmo-user');
    carrier.forget();
    await carrier.inject('GET');
    expect(exchanges).toBe(3);
  });

  test('makes, rotates and revokes tokens of its owner; their end is a day to come', async () => {
    const { url, seen } = await server();
    const subject = subjectFor(osmo, url, { secret: PAT });
    const expiresAt = Date.UTC(2031, 5, 1) / 1000;
    const made = await osmo.create?.(subject, { name: 'ci', expiresAt, scopes: ['osmo-user'] });
    expect(made?.ok && made.value.credential.secret.reveal()).toBe('osmo_new');
    expect(
      seen.some(({ url: at }) => at.startsWith('/api/auth/access_token/ci?expires_at=2031-06-01&')),
    ).toBe(true);
    expect((await osmo.create?.(subject, { name: 'ci' }))?.ok).toBe(false);
    expect((await osmo.create?.(subject, { name: '1x', expiresAt }))?.ok).toBe(false);
    expect(await osmo.revoke?.(subject)).toEqual({ ok: true, value: true });
    expect(seen.at(-1)).toMatchObject({ method: 'DELETE', url: '/api/auth/access_token/tessera' });
    const rotated = await osmo.rotate?.(subject);
    expect(rotated?.ok && rotated.value.overlap).toBe(true);
    expect(seen.at(-1)?.url).toMatch(
      /^\/api\/auth\/access_token\/tessera-r\d+\?expires_at=2031-01-01.*roles=osmo-user$/,
    );
  });
});

describe('Gafaelfawr', () => {
  const TOKEN = `gt-${'a'.repeat(22)}.${'b'.repeat(22)}`;
  const info = {
    token: 'a'.repeat(22),
    username: 'alice',
    token_type: 'user',
    scopes: ['read:all', 'user:token'],
    expires: 1924992000,
  };
  const server = (tokenInfo: Answer = { status: 200, body: info }) =>
    serve(({ method, url, authorization }) => {
      if (authorization !== `Bearer ${TOKEN}`)
        return { status: 401, body: { detail: [{ type: 'invalid_token', msg: 'Token is not valid' }] } };
      if (url === '/auth/api/v1/token-info') return tokenInfo;
      if (url === '/auth/api/v1/user-info')
        return { status: 200, body: { username: 'alice', groups: [{ name: 'g', id: 1 }] } };
      if (method === 'POST')
        return { status: 201, body: { token: `gt-${'c'.repeat(22)}.${'d'.repeat(22)}` } };
      if (method === 'DELETE') return { status: 204 };
      return { status: 404, body: { detail: 'Not Found' } };
    });

  test('says whose token it is, what it may do and when it ends', async () => {
    const { url } = await server();
    expect(await gafaelfawr.test(subjectFor(gafaelfawr, url, { secret: `Bearer ${TOKEN}` }))).toMatchObject({
      verdict: 'healthy',
      identity: 'alice',
      expiresAt: 1924992000,
      facts: { scopes: ['read:all', 'user:token'], groups: ['g'] },
    });
  });

  test.each<[Answer, string]>([
    [
      { status: 401, body: { detail: { type: 'no_authorization', msg: 'Authentication required' } } },
      'GAFAELFAWR_REFUSED',
    ],
    [{ status: 403, body: { detail: [{ type: 'permission_denied', msg: 'no' }] } }, 'GAFAELFAWR_FORBIDDEN'],
    [{ status: 200, body: '<html>' }, 'GAFAELFAWR_NOT_FOUND'],
    [{ status: 302, headers: { Location: '/login' } }, 'GAFAELFAWR_NOT_FOUND'],
    [{ status: 500, body: {} }, 'GAFAELFAWR_ODD'],
  ])('is diagnosed by its answer: %j', async (answer, code) => {
    const { url } = await server(answer);
    expect(await codes(gafaelfawr, subjectFor(gafaelfawr, url, { secret: TOKEN }))).toEqual([code]);
  });

  test('lacks a scope that is expected, and the scope is named', async () => {
    const { url } = await server();
    const subject = subjectFor(gafaelfawr, url, { secret: TOKEN });
    expect(await codes(gafaelfawr, subject, { privileges: ['write:sasquatch'] })).toEqual([
      'GAFAELFAWR_SCOPES',
    ]);
  });

  test('makes tokens for the caller by one route and for bots by the other, and revokes by key', async () => {
    const { url, seen } = await server();
    const subject = subjectFor(gafaelfawr, url, { secret: TOKEN });
    await gafaelfawr.create?.(subject, { name: 'ci', scopes: ['read:all'] });
    expect(seen.at(-1)).toMatchObject({ method: 'POST', url: '/auth/api/v1/users/alice/tokens' });
    await gafaelfawr.create?.(subject, { name: '', user: 'bot-x', scopes: ['write:sasquatch'] });
    expect(JSON.parse(seen.at(-1)?.body ?? '{}')).toMatchObject({ username: 'bot-x', token_type: 'service' });
    expect(await gafaelfawr.revoke?.(subject)).toEqual({ ok: true, value: true });
    expect(seen.at(-1)).toMatchObject({
      method: 'DELETE',
      url: `/auth/api/v1/users/alice/tokens/${'a'.repeat(22)}`,
    });
  });

  test('remarks on a token of another shape without refusing it', () => {
    const read = gafaelfawr.readCredential({ secret: 'something' });
    expect(read.ok && read.value.findings.map((finding) => finding.code)).toEqual(['GAFAELFAWR_TOKEN_SHAPE']);
  });
});

describe('any HTTP API', () => {
  test.each<[CredentialInput, string, string]>([
    [{ method: 'bearer', secret: ' Bearer abc ' }, 'authorization', 'Bearer abc'],
    [
      { method: 'basic', user: 'u', secret: 'p:w' },
      'authorization',
      `Basic ${Buffer.from('u:p:w').toString('base64')}`,
    ],
    [{ method: 'header', name: 'X-Api-Key', secret: 'abc' }, 'x-api-key', 'abc'],
  ])('gets its credential the way it wants it: %j', async (input, header, value) => {
    const { url, seen } = await serve(({ request }) => ({
      status: request.headers[header] === value ? 200 : 401,
    }));
    expect(await codes(http, subjectFor(http, url, input), { path: '/me?x=1' })).toEqual([]);
    expect(seen[0]?.url).toBe('/me?x=1');
    const injection = await http.carrier(subjectFor(http, url, input)).inject('GET');
    expect(injection.ok && injection.value.strip).toContain(header);
  });

  test('is only looked at where no test path is named: the credential stays here', async () => {
    const { url, seen } = await serve(() => ({ status: 500 }));
    expect(await codes(http, subjectFor(http, url, { secret: 'abc' }))).toEqual([]);
    expect(seen).toEqual([]);
  });

  test.each([
    [401, 'HTTP_AUTH_REFUSED'],
    [403, 'HTTP_FORBIDDEN'],
    [404, 'HTTP_NOT_FOUND'],
    [302, 'HTTP_REDIRECT'],
    [502, 'HTTP_FAILED'],
  ])('is diagnosed by its status: %i', async (status, code) => {
    const { url } = await serve(() => ({ status, headers: { Location: '/x?token=abc' } }));
    const report = await http.test({ ...subjectFor(http, url, { secret: 'abc' }), expect: { path: '/x' } });
    expect(report.findings.map((finding) => finding.code)).toEqual([code]);
    expect(JSON.stringify(report)).not.toContain('abc');
  });

  test.each<[CredentialInput, string]>([
    [{ method: 'query', name: 'token', secret: 'abc' }, 'method'],
    [{ method: 'header', name: 'Host', secret: 'abc' }, 'name'],
    [{ method: 'header', name: 'X Y', secret: 'abc' }, 'name'],
    [{ method: 'header', name: 'X-Key', secret: 'a\r\nb' }, 'secret'],
    [{ method: 'bearer', secret: '' }, 'secret'],
    [{ method: 'bearer', secret: 'ä' }, 'secret'],
    [{ method: 'basic', user: 'a:b', secret: 'x' }, 'user'],
    [{ method: 'basic', user: '', secret: 'x' }, 'user'],
  ])('refuses a credential that cannot ride safely: %j', (input, field) => {
    const read = http.readCredential(input);
    expect(read.ok ? '' : read.error.fields?.[0]?.field).toBe(field);
  });
});

describe('every kind', () => {
  test('answers an upstream of garbage, silence or too much with one finding, in bounded time', async () => {
    const secret = 'gt-aaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbb';
    const behaviours: ((seen: Seen) => Answer)[] = [
      ({ request }) => {
        request.socket.end('\u0000\u0001 what?\r\n\r\n');
        return { status: 200 };
      },
      () => ({ status: 200, body: 'x'.repeat(300_000) }),
      () => ({ status: 200, headers: { 'X-Long': 'x'.repeat(60_000) } }),
      () => ({ status: 200, body: '[[[[' }),
      () => ({ status: 200, body: 'null' }),
    ];
    for (const behaviour of behaviours) {
      const { url } = await serve(behaviour);
      for (const kind of Object.values(KINDS)) {
        const method = kind.methods[0] ?? 'bearer';
        const credential: Credential = { method, identity: 'u@pve!tok', secret: new Secret(secret) };
        const client = outbound(
          url,
          { mode: 'system' },
          { limits: { maxBodyBytes: 100_000 }, deadlines: { firstByteMs: 500 } },
        );
        const report = await kind.test({ client, credential, clock: Date.now, expect: { path: '/' } });
        expect(report.findings.length).toBeLessThanOrEqual(1);
        if (kind.name !== 'http') expect(report.findings.length).toBe(1);
        expect(JSON.stringify(report).length).toBeLessThan(10_000);
        expect(JSON.stringify(report)).not.toContain(secret);
      }
    }
  });
});
