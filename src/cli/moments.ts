import { DAY } from '../base/clock.ts';
import { DURATION, durationSeconds } from '../base/duration.ts';
import { usageError } from './failure.ts';

const DAY_MS = DAY * 1000;
const DEFAULT_DAYS = 31;

export interface ExpiryOptions {
  readonly expiresAt?: string;
  readonly expiresIn?: string;
  readonly neverExpires?: boolean;
}

type Expiry = { expires_at: string | null } | { expires_in: string };

/** Today in UTC and 31 days on, `YYYY-MM-DD`. */
export const defaultExpiry = (nowMs: number): string => dateOf(nowMs + DEFAULT_DAYS * DAY_MS);

/** The end of life as asked for, or null when nothing was said. Refuses what the calendar does not have. */
export function expiryOf(options: ExpiryOptions): Expiry | null {
  const { expiresAt, expiresIn, neverExpires } = options;
  const said = [expiresAt, expiresIn, neverExpires].filter((each) => each !== undefined);
  if (said.length > 1)
    throw usageError(
      'The end of life is given more than once.',
      'Use one of --expires-at, --expires-in and --never-expires.',
    );
  if (neverExpires) return { expires_at: null };
  if (expiresAt !== undefined) return { expires_at: checkedMoment('--expires-at', expiresAt) };
  if (expiresIn === undefined) return null;
  if (durationMs(expiresIn) === null)
    throw usageError(
      `--expires-in: '${expiresIn}' is not a duration.`,
      'Write a number and s, m, h or d: 90d',
    );
  return { expires_in: expiresIn };
}

/** A date, a date and time with zone, or how long ago (`2h`), as the RFC 3339 text the server takes. */
export function pastMoment(flag: string, text: string, nowMs: number): string {
  const ago = durationMs(text);
  if (ago !== null) return new Date(nowMs - ago).toISOString();
  const moment = checkedMoment(flag, text);
  return moment.includes('T') ? moment : `${moment}T00:00:00Z`;
}

function checkedMoment(flag: string, text: string): string {
  const shaped = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.exec(text);
  const date = shaped?.[1];
  // Date.parse takes 31 February for 3 March; the way back tells.
  const real = date !== undefined && !Number.isNaN(Date.parse(text)) && dateOf(Date.parse(date)) === date;
  if (!real)
    throw usageError(
      `${flag}: '${text}' is not a date.`,
      'Write it as YYYY-MM-DD (UTC), or with time and zone as 2026-12-31T12:00:00Z',
    );
  return text;
}

const durationMs = (text: string): number | null =>
  DURATION.test(text) ? durationSeconds(text) * 1000 : null;

const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
