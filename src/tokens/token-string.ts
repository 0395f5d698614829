import { Secret } from '../base/secret.ts';
import { checksum32 } from '../crypto/digest.ts';
import { base62OfUint32, type RandomSource, randomBase62 } from '../crypto/random.ts';

/**
 * The text of a token, in two spellings of the same value:
 *
 *     tsr-<id>-<secret><check>     55 characters: letters, digits and hyphens
 *     gt-<id>.<secret>             48 characters: the form the Gafaelfawr surface hands out
 *
 * `id` is public and names the token in lists, logs and addresses. `check` is the CRC-32 of everything before it,
 * six base-62 digits, so a truncated paste is recognised without asking anybody.
 */
export interface TokenParts {
  readonly id: string;
  readonly secret: string;
}

export const PART_LENGTH = 22;
const NATIVE = /^tsr-[0-9A-Za-z]{22}-[0-9A-Za-z]{28}$/;
const DOTTED = /^gt-[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{22}$/;
const BODY_LENGTH = 49;

export function randomTokenParts(random: RandomSource): TokenParts {
  return { id: randomBase62(PART_LENGTH, random), secret: randomBase62(PART_LENGTH, random) };
}

export function nativeSpelling(parts: TokenParts): Secret {
  const body = `tsr-${parts.id}-${parts.secret}`;
  return new Secret(body + base62OfUint32(checksum32(body)));
}

export function dottedSpelling(parts: TokenParts): Secret {
  return new Secret(`gt-${parts.id}.${parts.secret}`);
}

/** The parts of a well-formed token in either spelling, or null. Reads no storage. */
export function parseToken(text: string): TokenParts | null {
  if (text.charCodeAt(0) === 116 && NATIVE.test(text)) {
    if (base62OfUint32(checksum32(text.slice(0, BODY_LENGTH))) !== text.slice(BODY_LENGTH)) return null;
    return { id: text.slice(4, 26), secret: text.slice(27, BODY_LENGTH) };
  }
  if (DOTTED.test(text)) return { id: text.slice(3, 25), secret: text.slice(26) };
  return null;
}

/**
 * Why a text that was meant as a token is none: what a person who pasted it needs to hear. Tells nothing about
 * whether such a token exists.
 */
export function explainMalformed(text: string): string {
  if (text === '') return 'The token is empty.';
  if (/\s/.test(text)) return 'The token contains white space; copy it again without line breaks.';
  if (text.startsWith('tsr-')) {
    if (text.length < 55) return `The token is cut off: it has ${text.length} of 55 characters.`;
    if (text.length > 55) return `The token is too long: it has ${text.length} instead of 55 characters.`;
    return 'The token has a typing error: its check characters do not match.';
  }
  if (text.startsWith('gt-')) return 'The token is not of the form gt-, 22 characters, a dot, 22 characters.';
  return 'This is not a Tessera token: those begin with tsr- or gt-.';
}
