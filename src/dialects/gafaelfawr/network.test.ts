import { expect, test } from 'vitest';
import { addressFilter } from './network.ts';

test.each([
  ['192.0.2.7', '192.0.2.7', true],
  ['192.0.2.7', '192.0.2.8', false],
  ['192.0.2.0/24', '192.0.2.8', true],
  ['192.0.2.0/24', '192.0.3.8', false],
  ['192.0.2.0/24', '2001:db8::1', false],
  ['0.0.0.0/0', '8.8.8.8', true],
  ['192.0.2.7/32', '192.0.2.7', false],
  ['2001:db8::1', '2001:db8:0:0:0:0:0:1', true],
  ['2001:db8::/32', '2001:db8:ffff::1', true],
  ['2001:db8::/32', '2001:db9::1', false],
  ['::1/128', '::1', false],
])('%s and the address %s: selected %s', (filter, address, selected) => {
  expect(addressFilter(filter)?.(address)).toBe(selected);
});

test.each([
  '',
  'host',
  '192.0.2.7/24',
  '192.0.2.0/33',
  '192.0.2.0/-1',
  '192.0.2.0/',
  '192.0.2.0/2/4',
  '300.1.1.1',
  '2001:db8::1/32',
  '::ffff:192.0.2.1/100',
  '2001:db8::/129',
])('%j is neither an address nor a network', (text) => {
  expect(addressFilter(text)).toBeNull();
});
