import type { Context } from '../context.ts';
import { showRoute } from '../route-view.ts';

export async function run({ name }: { readonly name: string }, context: Context): Promise<void> {
  const route = await (await context.tessera()).routes.get(name);
  await showRoute(context, route);
}
