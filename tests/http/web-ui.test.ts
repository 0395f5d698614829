import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const AS_BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const page = (path: string) => server.call('GET', path, { headers: AS_BROWSER });

test.each(['/', '/tokens', '/tokens/some-id?tab=history', '/no/such/page'])(
  'a browser gets the page at %s, so that links lead deep',
  async (path) => {
    const { status, headers, text } = await page(path);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(text).toContain('<div id="root">');
  },
);

test.each([
  '/api/v1/nothing',
  '/auth/api/v1/nothing',
  '/api/foreman/nothing',
  '/oauth/nothing',
  '/assets/nothing.js',
  '/.well-known/nothing',
])('%s stays a problem for browsers too', async (path) => {
  const { status, headers, json } = await page(path);
  expect(status).toBe(404);
  expect(headers.get('content-type')).not.toContain('text/html');
  if (path.startsWith('/api/v1')) expect(json.code).toBe('not_found');
});

test('a program that asks for an unknown address gets a problem, not a page', async () => {
  const { status, json } = await server.call('GET', '/tokens');
  expect([status, json.code]).toEqual([404, 'not_found']);
});

test('/connect without a route is never a page', async () => {
  const { headers } = await page('/connect/lab/');
  expect(headers.get('content-type')).not.toContain('text/html');
});

test('the page runs only files of ours, cannot be framed, and gives its styles a new number each time', async () => {
  const [first, second] = [await page('/'), await page('/')];
  const policy = first.headers.get('content-security-policy') ?? '';
  const nonce = /'nonce-([0-9A-Za-z]{22})'/.exec(policy)?.[1] ?? '';
  expect(policy.replace(nonce, 'N').split('; ')).toEqual([
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'nonce-N'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]);
  expect(first.text).toContain(`content="${nonce}"`);
  expect(second.text).not.toContain(nonce);
  expect(first.headers.get('x-frame-options')).toBe('DENY');
  expect(first.headers.get('x-content-type-options')).toBe('nosniff');
  expect(first.headers.get('referrer-policy')).toBe('no-referrer');
  expect(first.headers.get('cross-origin-opener-policy')).toBe('same-origin');
  expect(first.text).not.toMatch(/<script(?![^>]*\ssrc=)|\son\w+=|<style/);
});

test('files are kept by browsers for ever, since their names change with them, and travel compressed', async () => {
  const script = /src="(\/assets\/[^"]+\.js)"/.exec((await page('/')).text)?.[1] ?? '';
  for (const encoding of ['br', 'gzip']) {
    const { status, headers } = await server.call('GET', script, {
      headers: { 'accept-encoding': encoding },
    });
    expect(status).toBe(200);
    expect(headers.get('content-encoding')).toBe(encoding);
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(headers.get('vary')).toBe('accept-encoding');
    expect(headers.get('content-type')).toContain('javascript');
  }
});

test.each([
  '/assets/../index.html',
  '/assets/%2e%2e/index.html',
  '/assets/..%2f..%2fcli/main.js',
  '/assets/',
])('%s leads to no file', async (path) => {
  const { status, text } = await server.call('GET', path);
  expect(status).toBeGreaterThanOrEqual(400);
  expect(text).not.toContain('import ');
});
