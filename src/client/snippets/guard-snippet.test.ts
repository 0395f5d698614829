import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { type GuardKind, guardSnippet } from './guard-snippet.ts';
import type { GuardSnippetOptions } from './options.ts';

const KINDS: readonly GuardKind[] = ['nginx', 'traefik', 'caddy'];
const OPTIONS: GuardSnippetOptions = {
  tesseraUrl: 'http://127.0.0.1:8001',
  scopes: ['write:sasquatch', 'read:x'],
  service: 'metrics',
  path: '/api/',
  upstream: 'http://127.0.0.1:9000',
};
const IDENTITY = [
  'X-Auth-Request-User',
  'X-Auth-Request-Email',
  'X-Auth-Request-Service',
  'X-Auth-Request-Token',
];

test.each(KINDS)('%s asks for every scope, in an address without percent signs', (kind) => {
  const text = guardSnippet(kind, { ...OPTIONS, satisfy: 'any' });
  expect(text).toContain('/ingress/auth?scope=write:sasquatch&scope=read:x&satisfy=any&service=metrics');
  expect(text).not.toMatch(/ingress.*%/);
});

test.each(KINDS)('%s replaces every header that could forge an identity or carry the token on', (kind) => {
  const text = guardSnippet(kind, OPTIONS);
  for (const header of [...IDENTITY, 'Authorization', 'Cookie']) expect(text).toContain(header);
});

test.each(KINDS)('%s takes nothing that could end a directive and begin another', (kind) => {
  const wicked: Partial<GuardSnippetOptions>[] = [
    { scopes: ['a; return 200'] },
    { scopes: ['a"b'] },
    { service: 'x {' },
    { path: '/a {' },
    { path: 'a' },
    { upstream: 'http://a;b' },
    { upstream: 'http://a/path' },
    { tesseraUrl: 'http://user:pass@a' },
    { tesseraUrl: 'nonsense' },
    { scopes: [], satisfy: 'any' },
  ];
  for (const each of wicked)
    expect(() => guardSnippet(kind, { ...OPTIONS, ...each }), JSON.stringify(each)).toThrow(
      expect.objectContaining({ code: 'invalid_option' }),
    );
});

test('nginx keeps connections to Tessera open', () => {
  const text = guardSnippet('nginx', OPTIONS);
  expect(text).toMatch(/upstream tessera \{\s+server 127\.0\.0\.1:8001;\s+keepalive/);
  const check = text.slice(text.indexOf('location = /_tessera/'), text.indexOf('location /api/'));
  expect(check).toContain('proxy_http_version 1.1;');
  expect(check).toContain('proxy_set_header Connection "";');
  expect(check).toContain('internal;');
});

test('nginx never answers by return in the guarded location', () => {
  const text = guardSnippet('nginx', OPTIONS);
  const guarded = text.slice(text.indexOf('location /api/'), text.indexOf('# No valid credential'));
  expect(guarded).toContain('auth_request /_tessera/metrics;');
  expect(guarded).not.toMatch(/^\s*return/m);
});

test('nginx checks the certificates of what it reaches by https', () => {
  const text = guardSnippet('nginx', { ...OPTIONS, tesseraUrl: 'https://tokens.example.com' });
  expect(text).toContain('server tokens.example.com:443;');
  expect(text).toContain('proxy_ssl_name tokens.example.com;');
  expect(text).toContain('proxy_ssl_verify on;');
});

test('Traefik gets YAML that says what to ask and what to replace', () => {
  const config = parse(guardSnippet('traefik', OPTIONS));
  expect(config.http.middlewares['tessera-metrics'].forwardAuth).toMatchObject({
    address: 'http://127.0.0.1:8001/ingress/auth?scope=write:sasquatch&scope=read:x&service=metrics',
    trustForwardHeader: false,
    authResponseHeaders: expect.arrayContaining(IDENTITY),
  });
  expect(config.http.routers.metrics.middlewares).toEqual(['tessera-metrics']);
});

test('Caddy strips forged headers before it asks', () => {
  const text = guardSnippet('caddy', OPTIONS);
  expect(text.indexOf('request_header -X-Auth-Request-*')).toBeLessThan(text.indexOf('forward_auth'));
  expect(text.indexOf('request_header -Authorization')).toBeGreaterThan(text.indexOf('forward_auth'));
});
