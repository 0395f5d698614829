/**
 * Reads the text of an `.env` file, keeping where everything stands so that one value can be exchanged and all
 * other bytes stay. Text is handled as Latin-1, one character for each byte, because foreign lines need not be
 * UTF-8; values are decoded on their own.
 *
 * Understood: `KEY=value`, `export KEY=value`; `'...'`, where `\'` and `\\` are escapes; `"..."`, where
 * `\n \r \t \" \\ \$` and an escaped backquote are; quoted values over several lines; a comment after a blank and
 * `#`. Nothing is ever expanded.
 */
export interface EnvEntry {
  readonly key: string;
  readonly value: string;
  /** Text after the equals sign to the end of the line, as written. */
  readonly raw: string;
  /** The same without a comment behind it. */
  readonly written: string;
  /** Counted from 1. */
  readonly line: number;
  /** The whole entry with its line end, and the part that is the value. Offsets in bytes. */
  readonly start: number;
  readonly end: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

const ASSIGNMENT = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=/;
const BOM = '\u00ef\u00bb\u00bf';

/** Entries in their order; a key may stand more than once. */
export function readEnv(bytes: Buffer): EnvEntry[] {
  const text = bytes.toString('latin1');
  const entries: EnvEntry[] = [];
  let at = text.startsWith(BOM) ? BOM.length : 0;
  let line = 1;
  while (at < text.length) {
    const lineEnd = endOfLine(text, at);
    const entry = readEntry(text, at, lineEnd, line);
    if (entry !== undefined) entries.push(entry);
    const next = entry?.end ?? lineEnd.next;
    line += text.slice(at, next).split('\n').length - 1;
    at = next;
  }
  return entries;
}

/** Values by key; of a key that stands twice the last one counts, as for every other reader. */
export const envValues = (entries: readonly EnvEntry[]): ReadonlyMap<string, string> =>
  new Map(entries.map((entry) => [entry.key, entry.value]));

interface LineEnd {
  /** Where the text of the line ends, and where the next line starts. */
  readonly text: number;
  readonly next: number;
}

function endOfLine(text: string, from: number): LineEnd {
  const feed = text.indexOf('\n', from);
  if (feed < 0) return { text: text.length, next: text.length };
  return { text: text[feed - 1] === '\r' && feed > from ? feed - 1 : feed, next: feed + 1 };
}

function readEntry(text: string, start: number, lineEnd: LineEnd, line: number): EnvEntry | undefined {
  const head = ASSIGNMENT.exec(text.slice(start, lineEnd.text));
  if (head === null) return undefined;
  const afterEquals = start + head[0].length;
  const blanks = /^[ \t]*/.exec(text.slice(afterEquals, lineEnd.text))?.[0].length ?? 0;
  const valueStart = afterEquals + blanks;
  const quoted = readQuoted(text, valueStart);
  const end = quoted === undefined ? lineEnd : endOfLine(text, quoted.end);
  const rest = text.slice(valueStart, end.text);
  const bare = quoted ?? readBare(rest, valueStart);
  return {
    key: head[1] ?? '',
    value: utf8(bare.value),
    raw: utf8(text.slice(afterEquals, end.text)),
    written: utf8(text.slice(valueStart, bare.end)),
    line,
    start,
    end: end.next,
    valueStart,
    valueEnd: bare.end,
  };
}

interface Value {
  readonly value: string;
  /** Behind the last character of the value, quotes included. */
  readonly end: number;
}

/** A value between quotes, if it ends and nothing but a comment follows; else the quote is part of the value. */
function readQuoted(text: string, from: number): Value | undefined {
  const quote = text[from];
  if (quote !== '"' && quote !== "'") return undefined;
  let at = from + 1;
  while (at < text.length && text[at] !== quote) at += text[at] === '\\' ? 2 : 1;
  if (at >= text.length) return undefined;
  const behind = text.slice(at + 1, endOfLine(text, at).text);
  if (!/^[ \t]*(#.*)?$/.test(behind)) return undefined;
  const inner = text.slice(from + 1, at);
  // Between single quotes python-dotenv, which the guide's programs use, knows these two escapes and no more.
  const value = quote === "'" ? inner.replace(/\\([\\'])/g, '$1') : inner.replace(/\\(.)/gs, unescaped);
  return { value, end: at + 1 };
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

const unescaped = (whole: string, letter: string): string =>
  ESCAPES[letter] ?? (/["\\$`]/.test(letter) ? letter : whole);

function readBare(rest: string, from: number): Value {
  const comment = rest.startsWith('#') ? 0 : rest.search(/[ \t]#/);
  const value = (comment < 0 ? rest : rest.slice(0, comment)).replace(/[ \t]+$/, '');
  return { value, end: from + value.length };
}

const utf8 = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');
