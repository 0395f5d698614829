import { DAY, MINUTE } from '../base/clock.ts';
import { fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';

/** What a personal access token lives when nothing is said, in seconds. */
export const LIFETIME_DEFAULT = 31 * DAY;

/** A token lives at least this long, in seconds. */
export const LIFETIME_MIN = 5 * MINUTE;

/**
 * Checks an end of life (epoch seconds, null for never) against the least life of five minutes and the most that
 * is configured (seconds, null for no bound).
 */
export function checkExpiry(
  expiresAt: number | null,
  now: number,
  longestSeconds: number | null,
  field = 'expires_at',
): Result<number | null> {
  if (expiresAt === null) {
    if (longestSeconds === null) return ok(null);
    return err(
      fieldFault(
        'invalid_expiry',
        field,
        `a token without an end is not allowed here; at most ${days(longestSeconds)}`,
      ),
    );
  }
  if (expiresAt < now + LIFETIME_MIN) {
    return err(fieldFault('invalid_expiry', field, 'must be at least 5 minutes in the future'));
  }
  if (longestSeconds !== null && expiresAt > now + longestSeconds) {
    return err(fieldFault('invalid_expiry', field, `must be at most ${days(longestSeconds)} in the future`));
  }
  return ok(Math.floor(expiresAt));
}

const days = (lifetime: number): string =>
  lifetime >= DAY ? `${Math.floor(lifetime / DAY)} days` : `${Math.floor(lifetime / MINUTE)} minutes`;
