/** What is known of a header's name, looked up by the spelling in which it came. */
export interface FieldName {
  readonly lower: string;
  /** Made of the characters that names may have (RFC 9110 section 5.6.2). */
  readonly proper: boolean;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Tools use a handful of spellings; whoever invents names by the thousand is not remembered. */
const KNOWN_MAX = 1000;
const known = new Map<string, FieldName>();

export function fieldName(name: string): FieldName {
  const found = known.get(name);
  if (found !== undefined) return found;
  const made: FieldName = { lower: name.toLowerCase(), proper: TOKEN.test(name) };
  if (known.size < KNOWN_MAX && name.length <= 64) known.set(name, made);
  return made;
}
