import { routeAddress } from '../client/snippets/route-address.ts';
import type { Route } from '../wire/routes.ts';
import { connectionNames } from './connection-names.ts';
import type { Context } from './context.ts';

/** Where a route leads, in the words a person knows. */
export const leadsTo = ({ to, connection }: Route, nameOf: (id: string) => string): string =>
  to ?? `connection ${connection === null ? '' : nameOf(connection)}`;

/** A route as a person sees it. */
export async function showRoute(context: Context, route: Route): Promise<void> {
  const { levels, max_concurrent, first_byte_ms, idle_ms } = route;
  const server = (await context.target()).url;
  const nameOf = await connectionNames(context, [route]);
  context.out.record(route, [
    ['Route', route.name],
    ['Leads to', leadsTo(route, nameOf)],
    ['Kind', route.kind],
    ['Address', route.path === null ? null : `${server.replace(/\/$/, '')}${route.path}`],
    ['Host', route.host === null ? null : routeAddress({ ...route, port: null }, server).toString()],
    ['Port', route.port === null ? null : routeAddress(route, server).toString()],
    ['Scopes', levels === null ? 'only the rules count' : scopesOf(route.kind, levels).join(', ')],
    ['Rules', route.rules.length === 0 ? null : route.rules.map(ruleText).join('; ')],
    ['Passes on', route.pass_headers.length === 0 ? null : route.pass_headers.join(', ')],
    [
      'Limits',
      `${max_concurrent} calls at once, ${first_byte_ms / 1000} s to the first byte, ${idle_ms / 1000} s idle`,
    ],
  ]);
}

/** Systems without machines have nothing to power or configure: those scopes are not registered. */
const scopesOf = (kind: Route['kind'], { read, power, configure, all }: NonNullable<Route['levels']>) =>
  kind === 'proxmox' || kind === 'foreman' ? [read, power, configure, all] : [read, all];

const ruleText = ({ methods = [], path, access = 'scopes', scopes = [] }: Route['rules'][number]): string =>
  `${methods.length === 0 ? '*' : methods.join('|')} ${path} ${access === 'scopes' ? scopes.join('|') : access}`;
