import { createHmac } from 'node:crypto';
import { type Cluster, now, type User } from '../state.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const STEP_SECONDS = 30;

function base32Bytes(text: string): Buffer {
  let bits = '';
  for (const letter of text) bits += ALPHABET.indexOf(letter).toString(2).padStart(5, '0');
  const bytes = bits.match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
}

/** The six digits an authenticator app shows at `epochSeconds` (RFC 6238, HMAC-SHA1, steps of 30 s). */
export function oneTimeCode(base32Secret: string, epochSeconds: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(epochSeconds / STEP_SECONDS)));
  const digest = createHmac('sha1', base32Bytes(base32Secret)).update(counter).digest();
  const offset = (digest.at(-1) ?? 0) & 0xf;
  const number = digest.readUInt32BE(offset) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

/** Answers to a challenge are `totp:123456` or `recovery:CODE`; a recovery code counts once. */
export function answersChallenge(cluster: Cluster, user: User, answer: string): boolean {
  const [kind, value] = [answer.slice(0, answer.indexOf(':')), answer.slice(answer.indexOf(':') + 1)];
  if (kind === 'recovery') return user.recoveryCodes.delete(value);
  if (kind !== 'totp' || user.totpSecret === undefined) return false;
  const secret = user.totpSecret;
  return [-1, 0, 1].some((step) => oneTimeCode(secret, now(cluster) + step * STEP_SECONDS) === value);
}

export const owesSecondFactor = (cluster: Cluster, user: User): boolean =>
  user.totpSecret !== undefined || cluster.faults.has('TFA_NEEDED');

export const challengeFor = (user: User): object => ({
  totp: true,
  recovery: user.recoveryCodes.size > 0 ? 'available' : 'unavailable',
});
