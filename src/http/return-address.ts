/** Only our own host, on any port: whoever signs in or out must not be led astray. */
export function isOnHost(address: string, publicHost: string): boolean {
  const url = URL.canParse(address) ? new URL(address) : null;
  return url !== null && /^https?:$/.test(url.protocol) && url.hostname === publicHost;
}

/**
 * Where a browser may go once it signed in: a path of ours, or an address on our host, as guarded services are.
 * Null for everything else, also for what only looks like a path (`//host`, `/\host`) to a browser.
 */
export function returnAddress(wish: string | undefined, publicUrl: string): string | null {
  if (wish === undefined || /[\x00-\x20\\]/.test(wish)) return null;
  const home = new URL(publicUrl);
  if (!wish.startsWith('/')) return isOnHost(wish, home.hostname) ? new URL(wish).href : null;
  const url = URL.canParse(wish, home.href) ? new URL(wish, home) : null;
  return url?.origin === home.origin && !wish.startsWith('//') ? url.pathname + url.search + url.hash : null;
}
