import { connectionNames } from '../connection-names.ts';
import type { Context } from '../context.ts';
import { leadsTo } from '../route-view.ts';

export async function run(_options: object, context: Context): Promise<void> {
  const { items } = await (await context.tessera()).routes.list();
  const nameOf = await connectionNames(context, items);
  context.out.list(
    items,
    [
      { head: 'Route', cell: (route) => route.name },
      { head: 'Kind', cell: (route) => route.kind },
      { head: 'Path', cell: (route) => route.path ?? '' },
      { head: 'Host', cell: (route) => route.host ?? '' },
      { head: 'Port', cell: (route) => (route.port === null ? '' : String(route.port)) },
      { head: 'Leads to', cell: (route) => leadsTo(route, nameOf), folds: true },
    ],
    'No routes. Create one: tessera route create NAME --connection CONNECTION',
  );
}
