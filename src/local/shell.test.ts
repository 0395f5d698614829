import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quoteShell } from './shell.ts';

test('a quoted word is one word, unchanged, to a real shell', () => {
  const word = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
  const odd = fc
    .array(fc.constantFrom("'", '"', '\\', '$', '`', '!', '\n', ' ', '*', '-', '~'))
    .map((all) => all.join(''));
  const words = fc.sample(fc.oneof(word, odd), { numRuns: 400, seed: 7 });
  const script = `for word in ${words.map(quoteShell).join(' ')}; do printf '%s\\0' "$word"; done`;
  const heard = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
  expect(heard.split('\0').slice(0, -1)).toEqual(words);
});
