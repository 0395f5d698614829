import { format, inspect } from 'node:util';
import { expect, test } from 'vitest';
import { Secret } from './secret.ts';

test('a secret cannot be printed by any of the usual ways', () => {
  const secret = new Secret('hunter2-canary');
  const printed = [
    String(secret),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect(secret, { showHidden: true, depth: 9 }),
    format('%s %o %j', secret, secret, secret),
    Object.entries(secret).toString(),
    JSON.stringify(structuredClone({ ...secret })),
  ].join('\n');
  expect(printed).not.toContain('canary');
  expect(secret.reveal()).toBe('hunter2-canary');
});
