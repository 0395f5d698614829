import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { refuseAddress } from './addresses.ts';

describe('an address', () => {
  test.each([
    '10.0.0.7',
    '172.16.4.1',
    '192.168.1.20',
    '100.64.0.9',
    '8.8.8.8',
    'fd12:3456::1',
    '2001:db8::5',
    '::ffff:192.168.1.20',
    '64:ff9b::10.0.0.1',
  ])('of a private or public range may be dialled: %s', (address) => {
    expect(refuseAddress(address, false)).toBeUndefined();
  });

  test.each([
    ['127.0.0.1', 'loopback'],
    ['127.255.0.3', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['::7f00:1', 'loopback'],
    ['64:ff9b::127.0.0.1', 'loopback'],
    ['2002:7f00:1::', 'loopback'],
    ['169.254.1.1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['febf::1', 'link-local'],
    ['::ffff:169.254.10.1', 'link-local'],
    ['169.254.169.254', 'metadata'],
    ['::ffff:169.254.169.254', 'metadata'],
    ['::ffff:a9fe:a9fe', 'metadata'],
    ['fd00:ec2::254', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['168.63.129.16', 'metadata'],
    ['224.0.0.1', 'multicast'],
    ['ff02::1', 'multicast'],
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['::', 'unspecified'],
    ['::ffff:0.0.0.0', 'unspecified'],
    ['255.255.255.255', 'reserved'],
    ['not-an-address', 'reserved'],
  ])('that leads inwards is refused: %s is %s', (address, reason) => {
    expect(refuseAddress(address, false)).toBe(reason);
  });

  test('of loopback is allowed where the registered host is loopback, and nothing else becomes allowed', () => {
    expect(refuseAddress('127.0.0.1', true)).toBeUndefined();
    expect(refuseAddress('::1', true)).toBeUndefined();
    expect(refuseAddress('::ffff:127.0.0.1', true)).toBeUndefined();
    expect(refuseAddress('169.254.169.254', true)).toBe('metadata');
    expect(refuseAddress('::', true)).toBe('unspecified');
  });

  test('is judged alike in its own spelling and mapped into IPv6', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(refuseAddress(`::ffff:${address}`, false)).toBe(refuseAddress(address, false));
      }),
    );
  });
});
