import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';

/**
 * Strict JSON (RFC 8259) for our own API. A key that stands twice in one object is refused: which of the two was
 * meant is a guess, and two readers may guess differently.
 */
export function parseJson(text: string): Result<unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err(fault('invalid_json', 'The body is not valid JSON.'));
  }
  const twice = duplicateKey(text);
  return twice === null
    ? ok(value)
    : err(fault('duplicate_key', `The key '${twice}' stands twice in one object.`, { fix: 'Send it once.' }));
}

/** Where the text goes on behind blanks (RFC 8259 section 2), however many there are. */
function nextToken(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\n\r'.includes(text.charAt(at))) at++;
  return at;
}

/** The first key that repeats within one object of a valid JSON text, or null. */
function duplicateKey(text: string): string | null {
  const objects: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '{') objects.push(new Set());
    else if (char === '[') objects.push(null);
    else if (char === '}' || char === ']') objects.pop();
    else if (char === '"') {
      const start = at;
      for (at++; text[at] !== '"'; at++) if (text[at] === '\\') at++;
      const keys = objects.at(-1);
      if (keys == null || text[nextToken(text, at + 1)] !== ':') continue;
      const key = JSON.parse(text.slice(start, at + 1)) as string;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return null;
}
