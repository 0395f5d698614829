import { createHmac, hash, timingSafeEqual } from 'node:crypto';

/** SHA-256 of the text (UTF-8), 64 lower-case hex characters. */
export const sha256Hex = (text: string): string => hash('sha256', text, 'hex');

/** SHA-256 of the text (UTF-8) as base64url. */
export const sha256Base64Url = (text: string): string => hash('sha256', text, 'base64url');

/** HMAC-SHA-256 as base64url. */
export const hmac = (key: string | Uint8Array, text: string): string =>
  createHmac('sha256', key).update(text).digest('base64url');

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest;
});

/**
 * CRC-32 (ISO-HDLC, as in zlib) of an ASCII text, an unsigned 32-bit number. For texts as short as a token this is
 * quicker than the way to zlib and back.
 */
export function checksum32(text: string): number {
  let rest = -1;
  for (let at = 0; at < text.length; at++) {
    rest = (CRC_TABLE[(rest ^ text.charCodeAt(at)) & 0xff] ?? 0) ^ (rest >>> 8);
  }
  return ~rest >>> 0;
}

const DIGEST_LENGTH = 64;
const given = Buffer.alloc(DIGEST_LENGTH);
const kept = Buffer.alloc(DIGEST_LENGTH);

/** Whether SHA-256 of `secret` equals the stored digest (hex), in constant time. */
export function digestMatches(secret: string, stored: string): boolean {
  given.write(sha256Hex(secret), 'latin1');
  kept.write(stored, 'latin1');
  return stored.length === DIGEST_LENGTH && timingSafeEqual(given, kept);
}

/** Equality of two texts in constant time for equal lengths. */
export function textEquals(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
