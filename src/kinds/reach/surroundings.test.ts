import { describe, expect, test } from 'vitest';
import { listenersIn, proxyOf } from './surroundings.ts';

describe('the kernel’s socket table', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F46 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 0500A8C0:1F46 0600A8C0:C001 01 00000000:00000000 00:00000000 00000000     0        0 2
   2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3
   0: 00000000000000000000000001000000:1F46 00000000000000000000000000000000:0000 0A 0 0 0
   1: 0000000000000000FFFF00000500A8C0:1F46 00000000000000000000000000000000:0000 0A 0 0 0`;

  test('tells where something listens on a port, and nothing of mere connections', () => {
    expect(listenersIn(table, 8006)).toEqual(['127.0.0.1', '::1', '0000:0000:0000:0000:0000:ffff:c0a8:0005']);
    expect(listenersIn(table, 22)).toEqual(['0.0.0.0']);
    expect(listenersIn(table, 443)).toEqual([]);
  });
});

describe('the proxy of this machine', () => {
  test.each([
    [{}, null],
    [{ HTTPS_PROXY: '', NO_PROXY: '.lan' }, null],
    [{ https_proxy: 'http://p:3128' }, { address: 'http://p:3128', exceptions: '' }],
    [
      { HTTPS_PROXY: '', https_proxy: 'http://p:3128', no_proxy: '.lan' },
      { address: 'http://p:3128', exceptions: '.lan' },
    ],
    [
      { HTTPS_PROXY: 'http://P:3128', https_proxy: 'http://p:3128', NO_PROXY: '*' },
      { address: 'http://P:3128', exceptions: '*' },
    ],
  ])('is read from %o', (environment, proxy) => {
    expect(proxyOf(environment)).toEqual(proxy);
  });
});
