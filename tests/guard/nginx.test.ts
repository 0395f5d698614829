import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guardSnippet } from '../../src/client/snippets/guard-snippet.ts';
import { SESSION_COOKIE } from '../../src/http/credential.ts';
import { freePort } from '../support/free-port.ts';
import { blocksOf, findNginx, type Nginx, replaced, startNginx } from './nginx.ts';
import { ask, bearer, type Guarded, type Headers, headerOf, START, startGuarded } from './support.ts';

/** The configuration our pages print, as they print it, in a real nginx before a service that shows what it got. */
const program = findNginx();

let service: Server;
let at: Guarded;
let nginx: Nginx | undefined;
let site: string;
let sitePort: number;
let serviceAddress: string;
const reached: string[] = [];

/** Answers with what it was sent; refuses by itself below `/own/`. */
function startService(): Promise<Server> {
  const server = createServer((request, response) => {
    reached.push(request.url ?? '');
    const own = request.url?.includes('/own/') ?? false;
    response.writeHead(own ? 403 : 200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(own ? { own: 'no' } : { method: request.method, headers: request.rawHeaders }),
    );
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

beforeAll(async () => {
  if (program === null) return;
  service = await startService();
  serviceAddress = `127.0.0.1:${(service.address() as AddressInfo).port}`;
  sitePort = await freePort();
  site = `http://127.0.0.1:${sitePort}`;
  at = await startGuarded('sqlite', { TESSERA_PUBLIC_URL: site });
  const [included = '', printed = ''] = await blocksOf('docs/gafaelfawr-nginx.md', 'nginx');
  const tessera = at.url.slice('http://'.length);
  const files = {
    'tessera-guard.conf': included,
    'site.conf': replaced(printed, {
      'server 127.0.0.1:8001;': `server ${tessera};`,
      'server 127.0.0.1:9000;': `server ${serviceAddress};`,
      'listen 8080;': `listen 127.0.0.1:${sitePort};`,
    }),
  };
  nginx = await startNginx(program, files, sitePort);
});
afterAll(async () => {
  await nginx?.stop();
  await at?.close();
  service?.close();
});

/** What arrived at the service, by name in lower case. */
const arrived = (reply: { json: { headers: string[] } }): Record<string, string> => {
  const { headers } = reply.json;
  const found: Record<string, string> = {};
  for (let n = 0; n < headers.length; n += 2)
    found[(headers[n] as string).toLowerCase()] = headers[n + 1] as string;
  return found;
};

const get = (path: string, headers: Headers = []) => ask(site + path, headers);

describe.skipIf(program === null)('the configuration of docs/gafaelfawr-nginx.md', () => {
  test('lets a good token through, and the service sees who it is and a token of its own', async () => {
    const token = await at.userToken('alice', ['read:image'], { email: 'alice@example.com' });
    const reply = await get('/api/cutouts/x?y=z', [bearer(token), ['Cookie', 'gafaelfawr=x; theme=dark']]);
    expect(reply.status, reply.text).toBe(200);
    const got = arrived(reply);
    expect(got).toMatchObject({
      'x-auth-request-user': 'alice',
      'x-auth-request-email': 'alice@example.com',
      cookie: 'theme=dark',
      host: `127.0.0.1:${sitePort}`,
    });
    const made = got['x-auth-request-token'] ?? '';
    const info = await at.call('GET', '/auth/api/v1/token-info', { token: made });
    expect(info.json).toMatchObject({ username: 'alice', service: 'cutouts', scopes: ['read:image'] });
    expect(JSON.stringify(got)).not.toContain(token);
    expect(got).not.toHaveProperty('authorization');
  });

  test('keeps forged identities and our credentials from the service, also where everybody may go', async () => {
    const token = await at.userToken('alice', ['read:image']);
    const forged: Headers = [
      ['X-Auth-Request-User', 'root'],
      ['X-Auth-Request-Email', 'root@example.com'],
      ['X-Auth-Request-Service', 'forged'],
      ['X-Auth-Request-Token', 'forged'],
    ];
    const guarded = arrived(await get('/api/cutouts/', [...forged, bearer(token)]));
    expect(guarded['x-auth-request-user']).toBe('alice');
    expect(guarded).not.toHaveProperty('x-auth-request-email');
    expect(guarded).not.toHaveProperty('x-auth-request-service');
    expect(guarded['x-auth-request-token']).toMatch(/^gt-/);

    const open = await get('/public/', [
      ...forged,
      bearer(token),
      ['Cookie', `${SESSION_COOKIE}=${token}; a=b`],
    ]);
    expect(open.status).toBe(200);
    const seen = arrived(open);
    expect(Object.keys(seen).filter((name) => name.startsWith('x-auth-request'))).toEqual([]);
    expect(seen).not.toHaveProperty('authorization');
    expect(seen.cookie).toBe('a=b');
    const foreign = arrived(await get('/public/', [['Authorization', 'Digest mine']]));
    expect(foreign.authorization).toBe('Digest mine');
  });

  test('passes method and body on', async () => {
    const token = await at.userToken('alice', ['read:image']);
    const body = JSON.stringify({ long: 'x'.repeat(20_000) });
    const reply = await ask(
      `${site}/api/cutouts/`,
      [bearer(token), ['Content-Type', 'application/json'], ['Content-Length', String(body.length)]],
      'POST',
      body,
    );
    expect([reply.status, reply.json?.method]).toEqual([200, 'POST']);
  });

  test('challenges whoever has no token, with a body in JSON', async () => {
    const before = reached.length;
    const reply = await get('/api/cutouts/');
    expect(reply.status).toBe(401);
    expect(reply.headers.filter(([name]) => name === 'WWW-Authenticate')).toEqual([
      ['WWW-Authenticate', 'Bearer realm="127.0.0.1"'],
    ]);
    expect(headerOf(reply, 'Content-Type')).toBe('application/json');
    expect(headerOf(reply, 'Cache-Control')).toBe('no-cache, no-store');
    expect(reply.json).toEqual({ detail: { msg: 'Authentication required', type: 'no_authorization' } });
    const bad = await get('/api/cutouts/', [bearer('junk')]);
    expect(bad.status).toBe(401);
    expect(headerOf(bad, 'WWW-Authenticate')).toContain('error="invalid_token"');
    expect(bad.json.detail[0].type).toBe('invalid_token');
    expect(reached.length).toBe(before);
  });

  test.each<[string, number, string, () => Promise<Headers>]>([
    ['a malformed header', 400, 'invalid_request', async () => [['Authorization', 'Digest x']]],
    ['a missing scope', 403, 'insufficient_scope', async () => [bearer(await at.userToken('bob', []))]],
  ])('answers %s with the real status, a challenge and a body in JSON', async (_, status, type, headers) => {
    const reply = await get('/api/cutouts/', await headers());
    expect(reply.status).toBe(status);
    expect(reply.json.detail[0].type).toBe(type);
    expect(headerOf(reply, 'Content-Type')).toBe('application/json');
    expect(headerOf(reply, 'Cache-Control')).toBe('no-cache, no-store');
    expect(headerOf(reply, 'WWW-Authenticate')).toContain(`error="${type}"`);
  });

  test('answers OPTIONS that is no preflight with 404, lets preflights of its own site through', async () => {
    const refused = await ask(`${site}/api/cutouts/`, [], 'OPTIONS');
    expect([refused.status, refused.json.detail[0].type]).toEqual([404, 'options_not_supported']);
    expect(headerOf(refused, 'WWW-Authenticate')).toBeUndefined();
    const preflight: Headers = [
      ['Origin', site],
      ['Access-Control-Request-Method', 'PUT'],
    ];
    const reply = await ask(`${site}/api/cutouts/`, preflight, 'OPTIONS');
    expect([reply.status, reply.json.method]).toEqual([200, 'OPTIONS']);
    const foreign = await ask(
      `${site}/api/cutouts/`,
      [['Origin', 'https://evil.example'], ...preflight.slice(1)],
      'OPTIONS',
    );
    expect([foreign.status, foreign.json.detail[0].type]).toEqual([403, 'cors_preflight_rejected']);
  });

  test('tells of rate limits and answers 429 once they are used up', async () => {
    const token = await at.userToken('carol', ['read:image']);
    await at.call('PUT', '/auth/api/v1/quota-overrides', {
      token: at.admin,
      body: { default: { api: { cutouts: 1 } } },
    });
    try {
      const rates = (reply: Awaited<ReturnType<typeof get>>) =>
        ['Limit', 'Remaining', 'Used', 'Reset', 'Resource'].map((part) =>
          headerOf(reply, `X-RateLimit-${part}`),
        );
      const reset = String(Math.ceil(START / 60_000) * 60);
      const within = await get('/api/cutouts/', [bearer(token)]);
      expect([within.status, ...rates(within)]).toEqual([200, '1', '0', '1', reset, 'cutouts']);
      const over = await get('/api/cutouts/', [bearer(token)]);
      expect([over.status, ...rates(over)]).toEqual([429, '1', '0', '1', reset, 'cutouts']);
      expect(over.json.detail[0].type).toBe('rate_limited');
      expect(headerOf(over, 'Retry-After')).toBe(new Date(Number(reset) * 1000).toUTCString());
    } finally {
      await at.call('DELETE', '/auth/api/v1/quota-overrides', { token: at.admin });
    }
  });

  test('sends browsers to sign in and back, and gives the service a notebook token as bearer', async () => {
    const away = await get('/nb/user?a=b&c=d');
    expect(away.status).toBe(307);
    const back = `${site}/nb/user?a=b&c=d`;
    expect(headerOf(away, 'Location')).toBe(`${site}/sign-in?${new URLSearchParams({ rd: back })}`);
    // A script cannot sign in, so it is refused instead of led away.
    const script = await get('/nb/', [['X-Requested-With', 'XMLHttpRequest']]);
    expect([script.status, script.json.detail.type]).toEqual([403, 'no_authorization']);

    const token = await at.userToken('dora', ['exec:portal']);
    const got = arrived(await get('/nb/', [bearer(token)]));
    expect(got.authorization).toBe(`Bearer ${got['x-auth-request-token']}`);
    const made = got['x-auth-request-token'] ?? '';
    const info = await at.call('GET', '/auth/api/v1/token-info', { token: made });
    expect(info.json).toMatchObject({ username: 'dora', token_type: 'notebook' });
  });

  test('leaves the service’s own refusals alone', async () => {
    const token = await at.userToken('alice', ['read:image']);
    const reply = await get('/api/cutouts/own/', [bearer(token)]);
    expect([reply.status, reply.json]).toEqual([403, { own: 'no' }]);
  });

  test('serves Tessera beside the guarded places, and keeps everybody away from the guard', async () => {
    const token = await at.userToken('alice', ['read:image']);
    expect((await get('/auth/api/v1/token-info', [bearer(token)])).json.username).toBe('alice');
    expect((await get('/health')).json).toEqual({ status: 'healthy' });
    for (const path of [
      '/ingress/auth',
      '/ingress/auth?notebook=true',
      '/ingress/anonymous',
      '//ingress/auth',
      '/%69ngress/auth',
      '/x/../ingress/auth',
      '/_tessera/cutouts',
    ]) {
      const reply = await get(path, [bearer(token), ['X-Original-URL', 'u'], ['X-Original-Method', 'GET']]);
      expect(reply.status, path).toBe(404);
      expect(headerOf(reply, 'X-Auth-Request-User'), path).toBeUndefined();
    }
  });

  test('lets nobody in while Tessera does not answer', async () => {
    const port = await freePort();
    const [included = '', printed = ''] = await blocksOf('docs/gafaelfawr-nginx.md', 'nginx');
    const alone = await startNginx(
      program ?? '',
      {
        'tessera-guard.conf': included,
        'site.conf': replaced(printed, {
          'server 127.0.0.1:8001;': `server 127.0.0.1:${await freePort()};`,
          'server 127.0.0.1:9000;': `server ${serviceAddress};`,
          'listen 8080;': `listen 127.0.0.1:${port};`,
        }),
      },
      port,
    );
    try {
      const before = reached.length;
      const reply = await ask(`http://127.0.0.1:${port}/api/cutouts/`);
      expect([reply.status, reply.json.detail[0].type]).toEqual([503, 'unavailable']);
      expect(reached.length).toBe(before);
    } finally {
      await alone.stop();
    }
  });
});

describe.skipIf(program === null)('what tessera guard snippet nginx prints', () => {
  let printed: string;
  let port: number;
  let running: Nginx;
  beforeAll(async () => {
    port = await freePort();
    printed = guardSnippet('nginx', {
      tesseraUrl: at.url,
      scopes: ['read:image'],
      service: 'images',
      path: '/images/',
      upstream: `http://${serviceAddress}`,
    });
    // Two more places, to show what guards and what does not.
    const extra = `
    location /trap/ { auth_request /_tessera/images; return 200 "unguarded"; }
    location /files/ { auth_request /_tessera/images; proxy_pass http://images; }
}`;
    const site = replaced(printed, { 'listen 8080;': `listen 127.0.0.1:${port};` });
    running = await startNginx(program ?? '', { 'site.conf': site.replace(/\}\s*$/, extra) }, port);
  });
  afterAll(() => running?.stop());

  const get = (path: string, headers: Headers = [], method = 'GET') =>
    ask(`http://127.0.0.1:${port}${path}`, headers, method);

  test('guards: 200, 401, 400, 403, 404 and 429 arrive as what they are', async () => {
    const token = await at.userToken('snip', ['read:image']);
    const passed = await get('/images/', [bearer(token), ['X-Auth-Request-User', 'root']]);
    expect(passed.status).toBe(200);
    expect(arrived(passed)['x-auth-request-user']).toBe('snip');
    expect(passed.text).not.toContain(token);

    const unknown = await get('/images/');
    expect([unknown.status, unknown.json.detail.type]).toEqual([401, 'no_authorization']);
    expect(headerOf(unknown, 'WWW-Authenticate')).toBe('Bearer realm="127.0.0.1"');
    const malformed = await get('/images/', [['Authorization', 'Digest x']]);
    expect([malformed.status, malformed.json.detail[0].type]).toEqual([400, 'invalid_request']);
    const narrow = await get('/images/', [bearer(await at.userToken('snip', []))]);
    expect([narrow.status, narrow.json.detail[0].type]).toEqual([403, 'insufficient_scope']);
    expect(headerOf(narrow, 'WWW-Authenticate')).toContain('scope="read:image"');
    const options = await get('/images/', [], 'OPTIONS');
    expect([options.status, options.json.detail[0].type]).toEqual([404, 'options_not_supported']);

    await at.call('PUT', '/auth/api/v1/quota-overrides', {
      token: at.admin,
      body: { default: { api: { images: 1 } } },
    });
    await get('/images/', [bearer(token)]);
    const over = await get('/images/', [bearer(token)]);
    expect([over.status, over.json.detail[0].type]).toEqual([429, 'rate_limited']);
    expect(headerOf(over, 'Retry-After')).toMatch(/GMT$/);
    await at.call('DELETE', '/auth/api/v1/quota-overrides', { token: at.admin });
  });

  test('cannot guard a location that answers by return: that is why the page warns', async () => {
    expect((await get('/trap/')).text).toBe('unguarded');
    expect((await get('/files/')).status).toBe(401);
    for (const page of ['docs/guard.md', 'docs/gafaelfawr-nginx.md']) {
      expect(await readFile(new URL(`../../${page}`, import.meta.url), 'utf8')).toMatch(/`return`/);
    }
  });
});
