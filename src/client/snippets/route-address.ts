import type { Route } from '../../wire/routes.ts';

/** Where a tool reaches a route of this server: at its own port or host where it has one, else below its path. */
export function routeAddress(route: Pick<Route, 'path' | 'host' | 'port' | 'port_tls'>, server: string): URL {
  const url = new URL(server);
  if (route.port !== null) {
    url.protocol = route.port_tls ? 'https:' : 'http:';
    url.port = String(route.port);
  } else if (route.host !== null) url.hostname = route.host;
  url.pathname = route.port === null && route.host === null ? (route.path ?? '/') : '/';
  return url;
}
