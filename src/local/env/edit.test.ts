import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { editEnv } from './edit.ts';
import { quoteEnv } from './quote.ts';
import { envValues, readEnv } from './read.ts';

const read = (text: string): Record<string, string> =>
  Object.fromEntries(envValues(readEnv(Buffer.from(text))));
const edit = (text: string, changes: Record<string, string | null>, header?: string): string =>
  editEnv(Buffer.from(text), changes, header).toString();

/** Values that other readers of such files cut, strip or expand. */
const TEN_SHAPES = [
  'p #ss word',
  '"in quotes"',
  "'in quotes'",
  ' blank in front',
  'blank behind ',
  `\${HOME} expanded`,
  'p#ss word',
  '$HOME',
  'a=b',
  'back\\slash',
];

describe('a value written', () => {
  test.each(TEN_SHAPES)('is read back as it was: %s', (value) => {
    expect(read(`PASSWORD=${quoteEnv(value)}\n`)).toEqual({ PASSWORD: value });
  });

  test('is read back as it was, whatever it is, and its neighbours too', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (one, two) => {
        const text = edit('', { ONE: one, TWO: two });
        expect(read(text)).toEqual({ ONE: one, TWO: two });
      }),
      { numRuns: 500 },
    );
  });

  test('made of quotes, backslashes and hashes alone is read back', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('"', "'", '\\', '#', ' ', '$', '{', '`', '\n', '=')), (parts) => {
        const value = parts.join('');
        expect(read(edit('', { KEY: value }))).toEqual({ KEY: value });
      }),
      { numRuns: 500 },
    );
  });
});

const FOREIGN = fc.oneof(
  fc.constant('# a comment with PROXMOX_HOST=in it'),
  fc.constant(''),
  fc.constant('OTHER=1   # why'),
  fc.constant("export  QUOTED='x y'"),
  fc.constant('\tODD = spaced '),
  fc.constant('not an assignment'),
  fc.constant('MANY="first\nKEY=not this one\nlast"'),
  fc.constant('CITY=Zürich'),
);

describe('an edit', () => {
  test('keeps every foreign line byte for byte, with any line end and in its order', () => {
    fc.assert(
      fc.property(
        fc.array(FOREIGN),
        fc.array(FOREIGN),
        fc.constantFrom('\n', '\r\n'),
        fc.string(),
        (before, after, feed, value) => {
          const head = before.map((line) => line + feed).join('');
          const tail = after.map((line) => line + feed).join('');
          const edited = edit(`${head}KEY=old${feed}${tail}`, { KEY: value });
          expect(edited).toBe(`${head}KEY=${quoteEnv(value)}${feed}${tail}`);
        },
      ),
    );
  });

  test('keeps bytes that are not UTF-8', () => {
    const bytes = Buffer.from([0x4c, 0x3d, 0xe9, 0xff, 0x0a, 0x4b, 0x3d, 0x31]);
    const edited = editEnv(bytes, { K: '2', NEW: 'x' });
    expect(edited.subarray(0, 5)).toEqual(bytes.subarray(0, 5));
    expect(edited.subarray(5).toString()).toBe('K=2\nNEW=x\n');
  });

  test('leaves a line alone whose value is right already', () => {
    const text = 'export  HOST = "pve.lan"   # the lab\n';
    expect(edit(text, { HOST: 'pve.lan' })).toBe(text);
  });

  test('changes a quoted value in its place and keeps the comment behind it', () => {
    expect(edit("export HOST='old'  # the lab\n", { HOST: 'new' })).toBe('export HOST=new  # the lab\n');
  });

  test('leaves no half of an unquoted secret behind a hash', () => {
    expect(edit('SECRET=first #second\n', { SECRET: 'new' })).toBe('SECRET=new\n');
  });

  test('makes one of a key that stood twice, where it counted', () => {
    expect(edit('K=1\nX=2\nK=3\n', { K: '4' })).toBe('X=2\nK=4\n');
  });

  test('takes out what is to go, and only that', () => {
    expect(edit('A=1\nTOKEN=x\nB=2\n', { TOKEN: null })).toBe('A=1\nB=2\n');
  });

  test('states at the top what the file holds, and replaces its own earlier statement', () => {
    const first = edit('A=1\n', {}, 'holds a secret');
    expect(first).toBe('# tessera: holds a secret\nA=1\n');
    expect(edit(first, {}, 'holds none')).toBe('# tessera: holds none\nA=1\n');
  });

  test('closes a last line that was open before adding to it', () => {
    expect(edit('A=1', { B: '2' })).toBe('A=1\nB=2\n');
  });
});

describe('reading', () => {
  test('never expands a dollar', () => {
    expect(read(`A=one\nB=$A\nC="\${A}"\n`)).toEqual({ A: 'one', B: '$A', C: `\${A}` });
  });

  test('counts the last of a key that stands twice, with its line', () => {
    const entries = readEnv(Buffer.from('# x\nK=1\nM="a\nb"\nK=2\n'));
    expect(entries.map(({ key, value, line }) => [key, value, line])).toEqual([
      ['K', '1', 2],
      ['M', 'a\nb', 3],
      ['K', '2', 5],
    ]);
  });

  test('takes an unclosed quote for a part of the value', () => {
    expect(read('A="open\nB=2\n')).toEqual({ A: '"open', B: '2' });
  });

  test('skips a byte order mark', () => {
    expect(read('\ufeffA=1\n')).toEqual({ A: '1' });
  });
});
