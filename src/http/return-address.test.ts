import { expect, test } from 'vitest';
import { returnAddress } from './return-address.ts';

const OURS = 'https://tessera.example.com';

test.each([
  ['/', '/'],
  ['/tokens?state=live#top', '/tokens?state=live#top'],
  ['/a/../tokens', '/tokens'],
  ['https://tessera.example.com:8443/metrics', 'https://tessera.example.com:8443/metrics'],
])('%s leads to %s', (wish, address) => {
  expect(returnAddress(wish, OURS)).toBe(address);
});

test.each([
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  ' /tokens',
  'https://evil.example/',
  'https://tessera.example.com.evil.example/',
  'https://tessera.example.com@evil.example/',
  'javascript:alert(1)',
  'data:text/html,x',
  'tokens',
  '',
])('%s leads nowhere', (wish) => {
  expect(returnAddress(wish, OURS)).toBeNull();
});
