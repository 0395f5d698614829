import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { userDomainMatches } from './origin.ts';
import { readGuardRequest } from './request.ts';

const asked = (...rawHeaders: string[]) => readGuardRequest({ rawHeaders } as IncomingMessage);
const FORWARDED = [
  'X-Forwarded-Method',
  'GET',
  'X-Forwarded-Proto',
  'https',
  'X-Forwarded-Host',
  'a.test',
  'X-Forwarded-Uri',
  '/x',
];

test('Traefik and Caddy name the guarded request in their own headers', () => {
  expect(asked(...FORWARDED)).toMatchObject({
    originalUrl: 'https://a.test/x',
    originalMethod: 'GET',
    forwardedStyle: true,
    isOptions: false,
  });
});

test('a client behind Traefik does not turn its request into a preflight by writing nginx’s headers', () => {
  const forged = asked('X-Original-URL', 'https://a.test/', 'X-Original-Method', 'OPTIONS', ...FORWARDED);
  expect(forged.isOptions).toBe(false);
  expect(forged.otherUrl).toBe('https://a.test/x');
});

test('a client behind nginx does not turn its request into a preflight by writing Traefik’s headers', () => {
  const forged = asked('X-Forwarded-Method', 'OPTIONS', 'X-Original-URL', 'u', 'X-Original-Method', 'GET');
  expect(forged.isOptions).toBe(false);
});

test('a method named twice is OPTIONS only when both say so', () => {
  expect(asked('X-Original-Method', 'OPTIONS', 'x-original-method', 'GET').isOptions).toBe(false);
  expect(asked('X-Original-Method', 'OPTIONS').isOptions).toBe(true);
});

test('repeated credentials are all kept, of other headers the first counts', () => {
  const request = asked(
    'Authorization',
    'a',
    'authorization',
    'b',
    'Cookie',
    'c',
    'COOKIE',
    'd',
    'Origin',
    'e',
    'Origin',
    'f',
  );
  expect(request).toMatchObject({ authorizations: ['a', 'b'], cookies: ['c', 'd'], origin: 'e' });
});

test.each([
  ['https://alice.example.com/', 'alice', true],
  ['https://alice.nb.example.com/', 'alice', true],
  ['https://alice.example.com:8443/x', 'alice', true],
  ['https://bob.example.com/', 'alice', false],
  ['https://example.com/', 'alice', false],
  ['https://alice.example.com.evil.test/', 'alice', false],
  ['https://a.b.example.com/', 'a.b', false],
  ['not a url', 'alice', false],
])('the host of %s belongs to %s: %s', (url, username, own) => {
  expect(userDomainMatches(url, username, 'example.com')).toBe(own);
});
