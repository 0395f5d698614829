import type { Route } from '../wire/routes.ts';
import type { Output } from './output.ts';

/** A route as a person sees it. */
export function showRoute(out: Output, route: Route, server: string): void {
  const { levels } = route;
  out.record(route, [
    ['Route', route.name],
    ['Leads to', route.to ?? `connection ${route.connection}`],
    ['Kind', route.kind],
    ['Address', route.path === null ? null : `${server.replace(/\/$/, '')}${route.path}`],
    ['Host', route.host],
    ['Port', route.port === null ? null : String(route.port)],
    ['Scopes', levels === null ? null : Object.values(levels).join(', ')],
    ['Rules', route.rules.length === 0 ? null : route.rules.map(ruleText).join('; ')],
  ]);
}

const ruleText = ({ methods = [], path, access = 'scopes', scopes = [] }: Route['rules'][number]): string =>
  `${methods.length === 0 ? '*' : methods.join('|')} ${path} ${access === 'scopes' ? scopes.join('|') : access}`;
