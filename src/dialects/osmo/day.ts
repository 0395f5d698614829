/** Times as this protocol writes them, all in UTC. */

/** Epoch seconds of the first moment of a `YYYY-MM-DD`; null when there is no such day in the calendar. */
export function startOfDay(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  const start = Date.parse(`${text}T00:00:00Z`) / 1000;
  return Number.isNaN(start) || dayOf(start) !== text ? null : start;
}

/** `2027-01-01` */
export const dayOf = (epochSeconds: number): string =>
  new Date(epochSeconds * 1000).toISOString().slice(0, 10);

// Tokens without an end cannot be said in this protocol; its client breaks on anything but a date.
const NEVER = '9999-12-31T00:00:00';

/** `2027-01-01T00:00:00`, without zone and fraction, for the end of a token. */
export const endOf = (epochSeconds: number | null): string =>
  epochSeconds === null ? NEVER : new Date(epochSeconds * 1000).toISOString().slice(0, 19);

/** `2026-01-15T10:20:30.123000Z`: six digits, of which we know three. */
export const stampOf = (epochMs: number): string => `${new Date(epochMs).toISOString().slice(0, -1)}000Z`;
