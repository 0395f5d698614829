import type { Route } from '../wire/routes.ts';
import { connectionNames } from './connection-names.ts';
import type { Context } from './context.ts';

/** Where a route leads, in the words a person knows. */
export const leadsTo = ({ to, connection }: Route, nameOf: (id: string) => string): string =>
  to ?? `connection ${connection === null ? '' : nameOf(connection)}`;

/** A route as a person sees it. */
export async function showRoute(context: Context, route: Route): Promise<void> {
  const { levels } = route;
  const server = (await context.target()).url;
  const nameOf = await connectionNames(context, [route]);
  context.out.record(route, [
    ['Route', route.name],
    ['Leads to', leadsTo(route, nameOf)],
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
