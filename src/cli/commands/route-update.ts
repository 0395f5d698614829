import type { Context } from '../context.ts';
import { usageError } from '../failure.ts';
import { type RouteOptions, routeSettings } from '../route-options.ts';
import { showRoute } from '../route-view.ts';

export interface Options extends RouteOptions {
  readonly name: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const change = routeSettings(options);
  if (Object.keys(change).length === 0)
    throw usageError('Nothing to change.', 'See: tessera route update --help');
  const route = await (await context.tessera()).routes.update(options.name, change);
  await showRoute(context, route);
}
