import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a browser says that a page of another site sent this. Programs that are no browsers say nothing, and
 * neither do old browsers: where it matters it is one hindrance of several.
 */
export function isFromForeignPage(headers: IncomingHttpHeaders, publicHost: string): boolean {
  const site = headers['sec-fetch-site'];
  if (typeof site === 'string' && site !== 'same-origin' && site !== 'none') return true;
  const { origin, host } = headers;
  if (origin === undefined) return false;
  if (!URL.canParse(origin)) return true;
  const from = new URL(origin);
  return from.hostname !== publicHost && from.host !== host;
}
