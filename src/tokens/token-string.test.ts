import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemRandom } from '../crypto/random.ts';
import {
  dottedSpelling,
  explainMalformed,
  nativeSpelling,
  parseToken,
  randomTokenParts,
} from './token-string.ts';

describe('the token string', () => {
  test('both spellings parse back to the same id and secret', () => {
    const parts = randomTokenParts(systemRandom);
    expect(parseToken(nativeSpelling(parts).reveal())).toEqual(parts);
    expect(parseToken(dottedSpelling(parts).reveal())).toEqual(parts);
  });

  test('the native spelling has 55 characters that every strict client accepts as a token value', () => {
    const text = nativeSpelling(randomTokenParts(systemRandom)).reveal();
    expect(text).toHaveLength(55);
    expect(text).toMatch(/^[a-zA-Z0-9-]+$/);
  });

  test('the checksum is CRC-32 in base 62 over all that stands before it', () => {
    const parts = { id: '0123456789ABCDEFGHIJKL', secret: 'MNOPQRSTUVWXYZabcdefgh' };
    expect(nativeSpelling(parts).reveal()).toBe('tsr-0123456789ABCDEFGHIJKL-MNOPQRSTUVWXYZabcdefgh2iy8jp');
  });

  test('any one changed, lost or added character is noticed', () => {
    const text = nativeSpelling(randomTokenParts(systemRandom)).reveal();
    fc.assert(
      fc.property(
        fc.nat(54),
        fc.constantFrom(...'0aZ-_. é'),
        fc.constantFrom('replace', 'drop', 'insert'),
        (at, char, how) => {
          const changed =
            how === 'replace'
              ? text.slice(0, at) + char + text.slice(at + 1)
              : how === 'drop'
                ? text.slice(0, at) + text.slice(at + 1)
                : text.slice(0, at) + char + text.slice(at);
          if (changed !== text) expect(parseToken(changed)).toBeNull();
        },
      ),
    );
  });

  test('junk never parses and never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => parseToken(`tsr-${text}`) === null),
    );
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => parseToken(text) === null));
  });

  test('a malformed paste is explained without repeating it', () => {
    const text = nativeSpelling(randomTokenParts(systemRandom)).reveal();
    expect(explainMalformed(text.slice(0, 40))).toBe('The token is cut off: it has 40 of 55 characters.');
    expect(explainMalformed(`${text.slice(0, 30)}\n${text.slice(30)}`)).toContain('white space');
    expect(explainMalformed('ghp_abc')).toContain('begin with tsr-');
  });
});
