import type { Kysely } from 'kysely';
import { DAY, HOUR } from '../base/clock.ts';
import type { Tables } from './schema.ts';

// A process that missed more of the feed than this reads everything anew, so older steps serve nobody.
const FEED_KEPT = HOUR;
const ATTEMPTS_KEPT_MS = DAY * 1000;
/** How long the history of tokens, and the dead tokens it is about, are kept, in seconds. */
const HISTORY_KEPT = 365 * DAY;
const MINUTES_KEPT = 5;

export async function prune(db: Kysely<Tables>, nowMs: number): Promise<void> {
  const now = Math.floor(nowMs / 1000);
  await db
    .deleteFrom('changes')
    .where('at', '<', now - FEED_KEPT)
    .execute();
  await db
    .deleteFrom('sign_in_attempts')
    .where('last_at_ms', '<', nowMs - ATTEMPTS_KEPT_MS)
    .execute();
  await db
    .deleteFrom('token_history')
    .where('at', '<', now - HISTORY_KEPT)
    .execute();
  await db
    .deleteFrom('rate_counts')
    .where('minute', '<', Math.floor(now / 60) - MINUTES_KEPT)
    .execute();
}
