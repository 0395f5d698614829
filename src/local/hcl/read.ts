import { fault } from '../../base/fault.ts';
import { err, ok, type Result } from '../../base/result.ts';

/** One `name = value` of a file of variable values. */
export interface HclEntry {
  readonly name: string;
  /** Text of a string, number or boolean; null for `null`; `undefined` for what is none of these. */
  readonly value: string | null | undefined;
  /** Counted from 1. */
  readonly line: number;
  /** Where the expression stands, in characters. */
  readonly valueStart: number;
  readonly valueEnd: number;
}

/**
 * Reads a `terraform.tfvars`: assignments of HCL's native syntax with comments (`#`, `//`, block), quoted
 * strings, heredocs, numbers and booleans. Lists and objects are stepped over. Interpolation is refused, as
 * Terraform refuses it there.
 */
export function readTfvars(text: string, file: string): Result<HclEntry[]> {
  const entries: HclEntry[] = [];
  let at = text.startsWith('\ufeff') ? 1 : 0;
  for (;;) {
    at = skipSpace(text, at, true);
    if (at >= text.length) return ok(entries);
    const head = /^("?)([A-Za-z_][\w-]*)\1[ \t]*=(?!=)/.exec(text.slice(at, at + 300));
    const line = text.slice(0, at).split('\n').length;
    const refuse = (what: string): Result<never> =>
      err(
        fault('invalid_request', `${file}, line ${line}: ${what}.`, {
          fix: 'Write each value as: name = "value"',
        }),
      );
    if (head === null) return refuse('this is no assignment');
    const valueStart = skipSpace(text, at + head[0].length, false);
    const value = readExpression(text, valueStart);
    if (typeof value === 'string') return refuse(value);
    const behind = skipSpace(text, value.end, false);
    if (behind < text.length && !/[\r\n]/.test(text[behind] ?? '') && text[value.end - 1] !== '\n')
      return refuse('more follows after the value');
    entries.push({ name: head[2] ?? '', value: value.value, line, valueStart, valueEnd: value.end });
    at = value.end;
  }
}

interface Expression {
  readonly value: string | null | undefined;
  readonly end: number;
}

function skipSpace(text: string, from: number, lines: boolean): number {
  const space = lines
    ? /(?:[ \t\r\n]|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y
    : /(?:[ \t]|#[^\n\r]*|\/\/[^\n\r]*|\/\*[\s\S]*?\*\/)*/y;
  space.lastIndex = from;
  return from + (space.exec(text)?.[0].length ?? 0);
}

const REFERENCE = 'values cannot refer to others by a dollar and braces';

/** The expression, or what is wrong with it. */
function readExpression(text: string, from: number): Expression | string {
  const first = text[from];
  if (first === '"') return readQuoted(text, from);
  if (text.startsWith('<<', from)) return readHeredoc(text, from);
  if (first === '[' || first === '{') return skipBrackets(text, from);
  const word = /^[^\s#,/]+/.exec(text.slice(from, from + 400))?.[0] ?? '';
  const end = from + word.length;
  if (word === 'null') return { value: null, end };
  if (word === 'true' || word === 'false' || /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(word))
    return { value: word, end };
  return word === '' ? 'the value is missing' : 'the value is neither a string nor a number, true or false';
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };

function readQuoted(text: string, from: number): Expression | string {
  let value = '';
  let at = from + 1;
  for (;;) {
    const letter = text[at];
    if (letter === undefined || letter === '\n') return 'the string is not closed';
    if (letter === '"') return { value, end: at + 1 };
    const step = letter === '\\' ? readEscape(text, at) : readTemplate(text, at);
    if (step === undefined) return letter === '\\' ? 'the string holds an unknown escape' : REFERENCE;
    value += step.text;
    at = step.end;
  }
}

interface Piece {
  readonly text: string;
  readonly end: number;
}

function readEscape(text: string, at: number): Piece | undefined {
  const long = /^\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/.exec(text.slice(at, at + 10));
  if (long !== null) {
    const point = Number.parseInt(long[1] ?? long[2] ?? '', 16);
    return point > 0x10ffff ? undefined : { text: String.fromCodePoint(point), end: at + long[0].length };
  }
  const plain = ESCAPES[text[at + 1] ?? ''];
  return plain === undefined ? undefined : { text: plain, end: at + 2 };
}

/** One character, or `$${` and `%%{` as the two characters they stand for; nothing where a template begins. */
function readTemplate(text: string, at: number): Piece | undefined {
  const three = text.slice(at, at + 3);
  if (three === '$${' || three === '%%{') return { text: three.slice(1), end: at + 3 };
  const two = three.slice(0, 2);
  return two === '${' || two === '%{' ? undefined : { text: text[at] ?? '', end: at + 1 };
}

function readHeredoc(text: string, from: number): Expression | string {
  const head = /^<<(-?)([A-Za-z_][\w-]*)[ \t]*\r?\n/.exec(text.slice(from, from + 300));
  if (head === null) return 'the heredoc has no name';
  const start = from + head[0].length;
  const end = new RegExp(`^[ \\t]*${head[2]}[ \\t]*\\r?$`, 'm').exec(text.slice(start));
  if (end === null) return `the heredoc is not closed by ${head[2]}`;
  const body = text.slice(start, start + end.index);
  const lines = body.split('\n');
  const filled = lines.filter((line) => line.trim() !== '');
  const indent = Math.min(...filled.map((line) => /^[ \t]*/.exec(line)?.[0].length ?? 0));
  const shown =
    head[1] === '-' && filled.length > 0 ? lines.map((line) => line.slice(indent)).join('\n') : body;
  let value = '';
  for (let at = 0; at < shown.length; ) {
    const piece = readTemplate(shown, at);
    if (piece === undefined) return REFERENCE;
    value += piece.text;
    at = piece.end;
  }
  return { value, end: start + end.index + end[0].length };
}

/** Steps over a list or an object, with its strings, comments and inner brackets. */
function skipBrackets(text: string, from: number): Expression | string {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const letter = text[at] ?? '';
    if (letter === '"') {
      const inner = readQuoted(text, at);
      if (typeof inner === 'string') return inner;
      at = inner.end;
    } else if (/^(#|\/\/|\/\*)/.test(text.slice(at, at + 2))) at = skipSpace(text, at, true);
    else {
      if ('[{('.includes(letter)) depth += 1;
      if (']})'.includes(letter)) depth -= 1;
      at += 1;
      if (depth === 0) return { value: undefined, end: at };
    }
  }
  return 'a bracket is not closed';
}
