import type { GuardRequest } from './request.ts';

/** CORS preflight: both headers of the Fetch standard are there. */
export const isPreflight = (request: GuardRequest): boolean =>
  request.origin !== undefined && request.corsMethod !== undefined;

/** Whether an `Origin` is on another host than ours. */
export function isForeignOrigin(origin: string, publicHost: string): boolean {
  return !URL.canParse(origin) || new URL(origin).hostname !== publicHost;
}

/** Whether the first label of the requested host is the user's name, somewhere below our own host. */
export function userDomainMatches(url: string, username: string, publicHost: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  const dot = hostname.indexOf('.');
  return hostname.slice(0, dot) === username.toLowerCase() && hostname.endsWith(`.${publicHost}`);
}
