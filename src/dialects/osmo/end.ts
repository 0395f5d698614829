import { DAY } from '../../base/clock.ts';
import { fieldFault } from '../../base/fault.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { dayOf, startOfDay } from './day.ts';

/** Narrower than our own grammar of token names, and what its command line checks too. */
const TOKEN_NAME = /^[a-zA-Z]([a-zA-Z0-9_-]*[a-zA-Z0-9])?$/;

/**
 * The end of a token's life in epoch seconds from its date, and whether its name fits, refused in the order of
 * the original: beyond the longest life, the name, no date, not in the future. The bounds themselves are kept by
 * the one who mints; here they are said in days.
 */
export function readEnd(date: string, name: string, now: number, longestSeconds: number): Result<number> {
  const end = startOfDay(date);
  if (end !== null && end > now + longestSeconds) {
    return err(
      fieldFault('invalid_expiry', 'expires_at', `the last possible date is ${dayOf(now + longestSeconds)}`),
    );
  }
  if (!TOKEN_NAME.test(name)) {
    return err(
      fieldFault(
        'invalid_request',
        'name',
        'a token name begins with a letter; letters, digits, _ and - follow; it ends with a letter or digit',
      ),
    );
  }
  if (end === null) {
    return err(fieldFault('invalid_expiry', 'expires_at', 'write a date of the calendar as YYYY-MM-DD'));
  }
  if (end <= now) {
    return err(
      fieldFault(
        'invalid_expiry',
        'expires_at',
        `the token would be dead already; the first possible date is ${dayOf(now + DAY)} (UTC)`,
      ),
    );
  }
  return ok(end);
}
