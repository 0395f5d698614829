import { expect, test } from 'vitest';
import { readTarget } from './target.ts';

const readings = (raw: string, kind: 'proxmox' | 'foreman' | 'http' = 'http') => {
  const read = readTarget(raw, kind);
  return read.ok ? read.value.readings : read.fault;
};

test('the bytes that travel are the bytes that came', () => {
  for (const raw of ['/', '/a/b?c=d', '/a%2Fb', '/a/?x=//..//', '/%E4%B8%AD', '/UPID:n:0:a!b@c:']) {
    const read = readTarget(raw, 'proxmox');
    expect(read.ok && read.value.raw).toBe(raw);
  }
});

test('an encoded slash is read as dividing and as not dividing', () => {
  expect(readings('/a%2Fb/c')).toEqual([
    ['a/b', 'c'],
    ['a', 'b', 'c'],
  ]);
});

test('what stands behind a semicolon counts and does not count', () => {
  expect(readings('/a;x/b')).toEqual([
    ['a;x', 'b'],
    ['a', 'b'],
  ]);
});

test('Foreman is read without version, and with and without a suffix', () => {
  expect(readings('//api/v2/hosts/web.example.json?a=1', 'foreman')).toEqual([
    ['api', 'hosts', 'web.example.json'],
    ['api', 'hosts', 'web.example'],
  ]);
});

test('what leads elsewhere in some reading is refused', () => {
  for (const raw of [
    'http://x/',
    '*',
    '//x',
    '/a//b',
    '/..',
    '/a/%2e%2e/b',
    '/a/..%2fb',
    '/a/..;/b',
    '/.;x/b',
    '/a\\b',
    '/a%5Cb',
    '/%00',
    '/%0d%0aX',
    '/%',
    '/%zz',
    '/%252e',
    '/%ff',
    '/a b',
    '/a#b',
    '/\u00e4',
  ])
    expect([raw, typeof readings(raw)]).toEqual([raw, 'string']);
});
