import { expect, test } from 'vitest';
import { readRequestHead } from '../broker/request-head.ts';
import { createClientAddress, isHandedOn } from './client-address.ts';

const addressOf = createClientAddress(['127.0.0.0/8', '::1/128']);

test.each([
  [['Host', 'a', 'X-Forwarded-For', '192.0.2.1'], '127.0.0.1', true],
  [['x-forwarded-for', '192.0.2.1'], '::ffff:127.0.0.1', true],
  [['Host', 'a'], '127.0.0.1', false],
  // Anybody can write it; only a proxy that is trusted hands on.
  [['X-Forwarded-For', '192.0.2.1'], '198.51.100.7', false],
  [['X-Note', 'X-Forwarded-For'], '127.0.0.1', false],
  [['X-Forwarded-For', 'somebody'], '127.0.0.1', false],
  // A proxy may add a line of its own behind what the caller wrote.
  [['X-Forwarded-For', 'somebody', 'X-Forwarded-For', '192.0.2.1'], '127.0.0.1', true],
  [['X-Forwarded-For', '192.0.2.1'], undefined, false],
])('%j over a connection from %s was handed on: %s', (headers, from, wanted) => {
  expect(isHandedOn(addressOf, from, readRequestHead(headers).forwardedFor)).toBe(wanted);
});
