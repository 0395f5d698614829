/** Takes the injected secret out of what comes back. The length stays, so that Content-Length stays true. */
export interface Scrubber {
  /** The part with secrets masked; what may be the beginning of one is held back until the next part. */
  push(part: Buffer, last: boolean): Buffer;
  /** What was held back. */
  rest(): Buffer;
}

const EMPTY = Buffer.alloc(0);
/** Echoes stand at the beginning; what lies further in is not looked at, so that downloads cost nothing. */
const LOOKED_AT = 1024 * 1024;
const MASK = 0x2a;

export function createScrubber(secrets: readonly Buffer[]): Scrubber {
  let held: Buffer = EMPTY;
  let seen = 0;
  return {
    push(part, last) {
      if (seen >= LOOKED_AT && held.length === 0) return part;
      seen += part.length;
      const all = held.length === 0 ? part : Buffer.concat([held, part]);
      for (const secret of secrets)
        for (let at = all.indexOf(secret); at !== -1; at = all.indexOf(secret, at + secret.length))
          all.fill(MASK, at, at + secret.length);
      let keep = 0;
      if (!last && seen < LOOKED_AT)
        for (const secret of secrets) keep = Math.max(keep, overlap(all, secret));
      held = keep === 0 ? EMPTY : all.subarray(all.length - keep);
      return keep === 0 ? all : all.subarray(0, all.length - keep);
    },
    rest() {
      const last = held;
      held = EMPTY;
      return last;
    },
  };
}

/** How many bytes at the end of `all` are the beginning of `secret`. */
function overlap(all: Buffer, secret: Buffer): number {
  const longest = Math.min(all.length, secret.length - 1);
  for (let at = all.indexOf(secret[0] ?? 0, all.length - longest); at !== -1 && at < all.length; ) {
    const size = all.length - at;
    if (size <= longest && all.compare(secret, 0, size, at, all.length) === 0) return size;
    at = all.indexOf(secret[0] ?? 0, at + 1);
  }
  return 0;
}

/** The texts by which a header's value would be recognised: whole, without its scheme, and as whoever reads it decodes it. */
export function secretTexts(values: readonly string[]): string[] {
  const texts = new Set<string>();
  for (const value of values) {
    for (const text of [value, value.slice(value.indexOf(' ') + 1), value.slice(value.lastIndexOf('=') + 1)])
      for (const spelt of [text, decoded(text)]) if (spelt.length >= 8) texts.add(spelt);
  }
  return [...texts];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const scrubText = (text: string, secrets: readonly string[]): string => {
  let clean = text;
  for (const secret of secrets)
    if (clean.includes(secret)) clean = clean.replaceAll(secret, '*'.repeat(secret.length));
  return clean;
};
