import { quoteEnv } from './quote.ts';
import { type EnvEntry, readEnv } from './read.ts';

/** What becomes of a key: a new value, or null to take it out. */
export type EnvChanges = Readonly<Record<string, string | null>>;

const HEADER = '# tessera: ';
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Sets and removes keys. Every other line keeps its bytes and its place. A key that stood twice stands once
 * afterwards; values that are right already are not touched; new keys follow at the end.
 *
 * @param header what the file holds, one line at its top; an earlier one of ours is replaced
 */
export function editEnv(bytes: Buffer, changes: EnvChanges, header?: string): Buffer {
  const edited = appendMissing(replaceKnown(bytes, changes), changes);
  return header === undefined ? edited : withHeader(edited, header);
}

function replaceKnown(bytes: Buffer, changes: EnvChanges): Buffer {
  const entries = readEnv(bytes).filter((entry) => Object.hasOwn(changes, entry.key));
  const last = new Map(entries.map((entry) => [entry.key, entry]));
  const parts: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const wanted = changes[entry.key] ?? null;
    const keep = wanted !== null && last.get(entry.key) === entry;
    parts.push(bytes.subarray(at, entry.start));
    parts.push(keep ? rewritten(bytes, entry, wanted) : Buffer.alloc(0));
    at = entry.end;
  }
  return Buffer.concat([...parts, bytes.subarray(at)]);
}

function rewritten(bytes: Buffer, entry: EnvEntry, wanted: string): Buffer {
  const whole = bytes.subarray(entry.start, entry.end);
  if (entry.value === wanted) return whole;
  const behind = bytes.subarray(entry.valueEnd, entry.end);
  // What an unquoted value lost at a `#` may be half of a secret, so it goes with the value.
  const bare = !/^["']/.test(entry.written);
  const lineEnd = /\r?\n?$/.exec(behind.toString('latin1'))?.[0] ?? '';
  return Buffer.concat([
    bytes.subarray(entry.start, entry.valueStart),
    Buffer.from(quoteEnv(wanted)),
    bare ? Buffer.from(lineEnd) : behind,
  ]);
}

function appendMissing(bytes: Buffer, changes: EnvChanges): Buffer {
  const present = new Set(readEnv(bytes).map((entry) => entry.key));
  const lines = Object.entries(changes).flatMap(([key, value]) =>
    value === null || present.has(key) ? [] : [`${key}=${quoteEnv(value)}`],
  );
  if (lines.length === 0) return bytes;
  const feed = lineFeedOf(bytes);
  const open = bytes.length > 0 && bytes.at(-1) !== 0x0a && !bytes.equals(BOM);
  return Buffer.concat([
    bytes,
    Buffer.from(`${open ? feed : ''}${lines.map((line) => line + feed).join('')}`),
  ]);
}

function withHeader(bytes: Buffer, header: string): Buffer {
  const from = bytes.subarray(0, 3).equals(BOM) ? 3 : 0;
  const body = bytes.subarray(from);
  const text = body.toString('latin1');
  const had = text.startsWith(HEADER) ? text.indexOf('\n') + 1 || text.length : 0;
  const line = Buffer.from(`${HEADER}${header}${lineFeedOf(bytes)}`);
  return Buffer.concat([bytes.subarray(0, from), line, body.subarray(had)]);
}

const lineFeedOf = (bytes: Buffer): string => (bytes.includes('\r\n') ? '\r\n' : '\n');
