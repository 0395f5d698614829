import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** SHA-256 of the text (UTF-8), 64 lower-case hex characters. */
export const sha256Hex = (text: string): string => hash('sha256', text, 'hex');

/** HMAC-SHA-256 as base64url. */
export const hmac = (key: string | Uint8Array, text: string): string =>
  createHmac('sha256', key).update(text).digest('base64url');

/** CRC-32 (ISO-HDLC, as in zlib) of the text, an unsigned 32-bit number. */
export const checksum32 = (text: string): number => crc32(text);

const DIGEST_LENGTH = 64;
const scratch = Buffer.alloc(DIGEST_LENGTH);

/** A hex digest in the form {@link digestMatches} compares against without allocating. */
export const storedDigest = (hex: string): Uint8Array => Buffer.from(hex, 'latin1');

/** Whether SHA-256 of `secret` equals the stored digest, in constant time. */
export function digestMatches(secret: string, stored: Uint8Array): boolean {
  scratch.write(sha256Hex(secret), 'latin1');
  return stored.length === DIGEST_LENGTH && timingSafeEqual(scratch, stored);
}

/** Equality of two texts in constant time for equal lengths. */
export function textEquals(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
