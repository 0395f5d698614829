/**
 * Reads a time of Foreman: `2030-01-01 00:00:00 UTC`, the same with `+0200` where the caller has a time zone,
 * or ISO 8601. Seconds since the epoch; null for "never", `undefined` for text that is none.
 */
export function readForemanTime(text: string | null): number | null | undefined {
  if (text === null || text === '') return null;
  const iso = text
    .replace(/^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})/, '$1T$2')
    .replace(/ UTC$/, 'Z')
    .replace(/ ([+-]\d{2}):?(\d{2})$/, '$1:$2');
  const at = Date.parse(iso);
  return Number.isNaN(at) ? undefined : Math.floor(at / 1000);
}

/** The one spelling that Foreman cannot misread: whole seconds, UTC. */
export const writeForemanTime = (atSeconds: number): string =>
  new Date(atSeconds * 1000).toISOString().replace(/\.\d{3}Z$/, 'Z');
