import { Secret } from '../base/secret.ts';

const MARK = '[secret]';

/**
 * Makes a function that takes injected secrets out of any value meant for a person: error texts, evidence,
 * excerpts of answers. Each secret is found as it is, percent-encoded, in JSON spelling and in base64 at every
 * alignment, because upstreams quote what they were sent. Strings inside arrays and plain objects are
 * treated too; keys are kept.
 */
export function redactor(secrets: readonly Secret[]): <T>(value: T) => T {
  const needles = [...new Set(secrets.flatMap((secret) => spellings(secret.reveal())))].sort(
    (a, b) => b.length - a.length,
  );
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string')
      return needles.reduce((text, needle) => text.split(needle).join(MARK), value);
    if (Array.isArray(value)) return value.map(clean);
    if (value === null || typeof value !== 'object' || value instanceof Secret) return value;
    if (Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, clean(entry)]));
  };
  return <T>(value: T): T => clean(value) as T;
}

function spellings(value: string): string[] {
  if (value === '') return [];
  const encoded = encodeURIComponent(value);
  const found = [
    value,
    encoded,
    encoded.replaceAll('%20', '+'),
    JSON.stringify(value).slice(1, -1),
    ...(value.length >= 6 ? base64Forms(value) : []),
  ];
  return found.filter((needle) => needle !== '');
}

/**
 * Base64 of a text depends on its distance from the start modulo 3 (`user:secret` in Basic). For each of the
 * three the characters that belong to the secret alone are kept.
 */
function base64Forms(value: string): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]);
    const text = bytes.toString('base64').replace(/=+$/, '');
    const first = Math.ceil((offset * 8) / 6);
    const last = Math.floor((bytes.length * 8) / 6);
    const core = text.slice(first, last);
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
