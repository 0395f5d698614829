import type { KindName } from '../kinds/kind.ts';

/** The address of a call: the bytes that travel, and every way the other side may read them. */
export interface CallTarget {
  /** Path and query exactly as they are forwarded. */
  readonly raw: string;
  /** The part of `raw` before the query: what the audit trail shows. */
  readonly path: string;
  /** Decoded segments; more than one reading where servers differ. A call must be allowed in all of them. */
  readonly readings: readonly (readonly string[])[];
}

export type ReadTarget =
  | { readonly ok: true; readonly value: CallTarget }
  | { readonly ok: false; readonly fault: string };

const no = (fault: string): ReadTarget => ({ ok: false, fault });
const ODD = /[%;\\]|\/\/|\/\.{1,2}(?:\/|$)/;
const OWN_TOKEN = /tsr-[0-9A-Za-z]{22}-|gt-[0-9A-Za-z_-]{22}(?:\.|%2e)/i;

/**
 * Reads path and query of a call, without changing a byte of what will travel. What two servers could read
 * differently in a way that reaches somewhere else is refused: dot segments and backslashes in any spelling, empty
 * segments, twofold encoding, control characters. What remains ambiguous is given in each of its readings: an encoded slash
 * divides (Proxmox decodes before it routes) or does not; what stands behind `;` counts or does not.
 */
export function readTarget(raw: string, kind: KindName): ReadTarget {
  if (!raw.startsWith('/')) return no('The address must be a path, not a whole URL');
  if (/[^\x21-\x7e]|#/.test(raw))
    return no('The address holds a blank, a control character, a # or a non-ASCII one');
  if (raw.includes('-') && OWN_TOKEN.test(raw))
    return no('A token stands in the address; send it in the Authorization header');
  const mark = raw.indexOf('?');
  let path = mark === -1 ? raw : raw.slice(0, mark);
  let whole = raw;
  if (kind === 'foreman' && path.startsWith('//')) {
    // hammer writes two slashes where its configured host ends in one; the same bytes are judged and sent.
    const slashes = /^\/+/.exec(path)?.[0].length ?? 1;
    path = path.slice(slashes - 1);
    whole = whole.slice(slashes - 1);
  }
  if (!ODD.test(path)) {
    const segments = trimmed(path.slice(1).split('/'));
    return { ok: true, value: { raw: whole, path, readings: withKind([segments], kind) } };
  }
  if (path.includes('//')) return no('The path holds an empty segment');
  if (/\\|%5c/i.test(path)) return no('The path holds a backslash');
  if (/%(?![0-9a-f]{2})/i.test(path)) return no('The path holds a broken percent-encoding');
  if (/%25[0-9a-f]{2}/i.test(path)) return no('The path is encoded twice');
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return no('The path is not UTF-8');
  }
  if (/[\u0000-\u001f\u007f]/.test(decoded)) return no('The path holds a control character');
  const apart = path.slice(1).split('/').map(decodeURIComponent);
  const joined = decoded.slice(1).split('/');
  const readings = [trimmed(apart)];
  if (joined.length !== apart.length) readings.push(trimmed(joined));
  for (const reading of [...readings])
    if (reading.some((part) => part.includes(';')))
      readings.push(trimmed(reading.map((part) => part.split(';', 1)[0] ?? '')));
  for (const reading of readings) {
    if (reading.some((part) => part === '.' || part === '..')) return no('The path holds a dot segment');
    if (reading.slice(0, -1).includes('')) return no('The path holds an empty segment');
  }
  return { ok: true, value: { raw: whole, path, readings: withKind(readings, kind) } };
}

/** One slash at the end says nothing about which call it is. */
const trimmed = (segments: string[]): string[] => (segments.at(-1) === '' ? segments.slice(0, -1) : segments);

/**
 * Foreman (Rails) takes the version of its API as an optional segment and the format as a suffix; rules are
 * written without either. A name may end like a suffix, so it is read both ways.
 */
function withKind(readings: string[][], kind: KindName): string[][] {
  if (kind !== 'foreman') return readings;
  const plain = readings.map((segments) =>
    segments[0] === 'api' && /^v\d+$/.test(segments[1] ?? '') ? ['api', ...segments.slice(2)] : segments,
  );
  const stripped = plain
    .filter((segments) => segments[0] === 'api' && (segments.at(-1) ?? '').includes('.'))
    .map((segments) => [...segments.slice(0, -1), (segments.at(-1) ?? '').replace(/\.[^.]*$/, '')]);
  return [...plain, ...stripped];
}
