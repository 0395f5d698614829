import type { Context } from '../context.ts';
import { type RouteOptions, readFileText, routeSettings } from '../route-options.ts';
import { showRoute } from '../route-view.ts';

export interface Options extends RouteOptions {
  readonly name: string;
  readonly connection?: string;
  readonly to?: string;
  readonly caFile?: string;
  readonly fingerprint?: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { name, connection, to, caFile, fingerprint } = options;
  const ca = caFile === undefined ? undefined : await readFileText(caFile);
  const tessera = await context.tessera();
  const route = await tessera.routes.create({
    name,
    ...(connection === undefined ? {} : { connection }),
    ...(to === undefined ? {} : { to }),
    ...(ca === undefined ? {} : { ca }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...routeSettings(options),
  });
  await showRoute(context, route);
  if (!context.out.json) context.out.remark(`Use it: tessera route snippet ${name} --for curl`);
}
