import type { Kysely } from 'kysely';
import { DAY, HOUR } from '../base/clock.ts';
import type { Tables } from './schema.ts';

// A process that missed more of the feed than this reads everything anew, so older steps serve nobody.
const FEED_KEPT = HOUR;
const ATTEMPTS_KEPT_MS = DAY * 1000;
/** How long the history of tokens, and the dead tokens it is about, are kept, in seconds. */
const HISTORY_KEPT = 365 * DAY;
/** Dead tokens dropped at one turn, so that a large house does not hold up requests. */
const TOKENS_AT_ONCE = 500;
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
  await pruneTokens(db, now - HISTORY_KEPT);
}

/** Parents go after their children, at a later turn. Sessions and delegated tokens are most of what dies. */
async function pruneTokens(db: Kysely<Tables>, before: number): Promise<void> {
  const dead = await db
    .selectFrom('tokens')
    .select('id')
    .where(({ or, eb, and }) =>
      or([
        eb('revoked_at', '<', before),
        and([eb('swept_at', 'is not', null), eb('expires_at', '<', before)]),
      ]),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('tokens as child').select('child.id').whereRef('child.parent_id', '=', 'tokens.id'),
        ),
      ),
    )
    .limit(TOKENS_AT_ONCE)
    .execute();
  const ids = dead.map(({ id }) => id);
  if (ids.length === 0) return;
  await db.deleteFrom('delegations').where('token_id', 'in', ids).execute();
  await db.deleteFrom('tokens').where('id', 'in', ids).execute();
}
