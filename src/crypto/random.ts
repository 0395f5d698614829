import { randomBytes } from 'node:crypto';

/** Gives `size` random bytes. Handed in, so that tests can fix it. */
export type RandomSource = (size: number) => Uint8Array;

export const systemRandom: RandomSource = (size) => randomBytes(size);

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
// The largest multiple of 62 below 256: bytes at or above it are thrown away, so every letter is equally likely.
const FAIR = 248;

/** `length` letters and digits, each drawn evenly from 62. */
export function randomBase62(length: number, random: RandomSource): string {
  let text = '';
  while (text.length < length) {
    for (const byte of random(length * 2)) {
      if (byte < FAIR && text.length < length) text += BASE62[byte % 62];
    }
  }
  return text;
}

/** A number below 2^32 as six base-62 digits, most significant first. */
export function base62OfUint32(value: number): string {
  let rest = value;
  let text = '';
  for (let digit = 0; digit < 6; digit++) {
    text = BASE62.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}
