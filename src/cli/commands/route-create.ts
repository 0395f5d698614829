import type { Context } from '../context.ts';
import { usageError } from '../failure.ts';
import { readNamedFile } from '../files.ts';
import { type RouteOptions, routeSettings } from '../route-options.ts';
import { showRoute } from '../route-view.ts';

export interface Options extends RouteOptions {
  readonly name: string;
  readonly connection?: string;
  readonly to?: string;
  readonly ca?: string;
  readonly pin?: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { name, connection, to, pin } = options;
  if ((connection === undefined) === (to === undefined))
    throw usageError(
      'Give --connection or --to: a route leads to one of them.',
      'See the connections with: tessera connection list',
    );
  const ca =
    options.ca === undefined ? undefined : await readNamedFile(options.ca, context.io.home, 'authority');
  const tessera = await context.tessera();
  const route = await tessera.routes.create({
    name,
    ...(connection === undefined ? {} : { connection }),
    ...(to === undefined ? {} : { to }),
    ...(ca === undefined ? {} : { ca }),
    ...(pin === undefined ? {} : { fingerprint: pin }),
    ...routeSettings(options),
  });
  await showRoute(context, route);
  if (!context.out.json) context.out.remark(`Use it: tessera route snippet ${name} --for curl`);
}
