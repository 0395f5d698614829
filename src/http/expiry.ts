import { durationSeconds } from '../base/duration.ts';
import { fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';

/**
 * The end of life a request asks for, in epoch seconds: `expires_at` or `expires_in`, not both. `undefined` when
 * neither was sent, null for never.
 */
export function readExpiry(
  wish: { expires_at?: string | null | undefined; expires_in?: string | undefined },
  nowSeconds: number,
): Result<number | null | undefined> {
  if (wish.expires_at !== undefined && wish.expires_in !== undefined) {
    return err(fieldFault('invalid_request', 'expires_in', 'send either expires_at or expires_in, not both'));
  }
  if (wish.expires_in !== undefined) {
    return ok(nowSeconds + durationSeconds(wish.expires_in));
  }
  if (wish.expires_at == null) return ok(wish.expires_at);
  const text = wish.expires_at.length === 10 ? `${wish.expires_at}T00:00:00Z` : wish.expires_at;
  const moment = Date.parse(text);
  if (
    Number.isNaN(moment) ||
    (wish.expires_at.length === 10 && !new Date(moment).toISOString().startsWith(wish.expires_at))
  ) {
    return err(
      fieldFault('invalid_expiry', 'expires_at', `'${wish.expires_at}' is not a date of the calendar`),
    );
  }
  return ok(Math.floor(moment / 1000));
}
