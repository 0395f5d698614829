import { describe, expect, test } from 'vitest';
import { checkPath } from './path.ts';

describe('a path below an origin', () => {
  test.each(['/', '/api2/json/nodes/pve1/tasks/UPID:a:b:/status', '/a%2Fb/?x=..', '/a//b', '/...', '/a..b'])(
    'is taken byte for byte: %s',
    (path) => {
      expect(checkPath(path)).toBeUndefined();
    },
  );
  test.each([
    '',
    'x',
    'https://x/',
    '/a b',
    '/a\r\nb',
    '/ä',
    '/a#b',
    '/../x',
    '/a/..',
    '/a/%2e%2E/b',
    '/a%2f..%2fb',
    '/.',
    '/a/..;x/b',
    '/a\\..\\b',
  ])('is refused when it could lead elsewhere: %j', (path) => {
    expect(checkPath(path)).toBeTypeOf('string');
  });
});
