import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson } from './json.ts';

describe('strict JSON', () => {
  test('reads every valid document as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        expect(parseJson(text)).toEqual({ ok: true, value: JSON.parse(text) });
      }),
    );
  });

  test.each([
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"x":[{"b":{},"b":[]}]}',
    '{"a" : "}", "b":"\\"", "a" :1}',
  ])('refuses a key that stands twice: %s', (text) => {
    expect(parseJson(text)).toMatchObject({ ok: false, error: { code: 'duplicate_key' } });
  });

  test('blanks before the colon, however many, hide no repeated key', () => {
    const blanks = ' \t\r\n'.repeat(1000);
    expect(parseJson(`{"a":1,"a"${blanks}:2}`)).toMatchObject({
      ok: false,
      error: { code: 'duplicate_key' },
    });
  });

  test.each(['{"a":"a","b":["a","a"]}', '{"a":{"a":{"a":1}}}', '[{"a":1},{"a":1}]', '"a"'])(
    'does not mistake values or other objects for repeated keys: %s',
    (text) => {
      expect(parseJson(text).ok).toBe(true);
    },
  );

  test.each(['', '{', '{"a":}', 'nul', '{"a":1}x'])('refuses what is no JSON: %s', (text) => {
    expect(parseJson(text)).toMatchObject({ ok: false, error: { code: 'invalid_json' } });
  });
});
