import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Secret } from '../base/secret.ts';
import { redactor } from './redact.ts';

describe('the redactor', () => {
  const clean = redactor([new Secret('c4n/ary+secret="x"')]);

  test('takes a secret out of texts, lists and objects, in every spelling an upstream may quote', () => {
    const value = {
      text: `wrong value c4n/ary+secret="x" given`,
      list: [encodeURIComponent('c4n/ary+secret="x"')],
      json: JSON.stringify({ token: 'c4n/ary+secret="x"' }),
      basic: Buffer.from('user:c4n/ary+secret="x"').toString('base64'),
      count: 3,
    };
    const printed = JSON.stringify(clean(value));
    expect(printed).not.toMatch(/ary|c4n/);
    expect(clean(value).text).toBe('wrong value [secret] given');
    expect(clean(value).count).toBe(3);
  });

  test('finds a secret in Basic credentials whatever stands before and after it', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 8, maxLength: 40, unit: 'grapheme-ascii' }),
        fc.string({ maxLength: 7, unit: 'grapheme-ascii' }),
        fc.string({ maxLength: 7, unit: 'grapheme-ascii' }),
        (secret, before, after) => {
          const text = Buffer.from(before + secret + after).toString('base64');
          const found = redactor([new Secret(secret)])(text);
          expect(found).toContain('[secret]');
        },
      ),
    );
  });

  test('leaves everything alone when there is nothing to hide', () => {
    expect(redactor([])('as it was')).toBe('as it was');
    expect(redactor([new Secret('')])('as it was')).toBe('as it was');
  });
});
