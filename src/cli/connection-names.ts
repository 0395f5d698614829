import { TesseraError } from '../client/index.ts';
import type { Route } from '../wire/routes.ts';
import type { Context } from './context.ts';

/**
 * What people call the connections of these routes; asked for only where a person is going to read it. Whoever may
 * not see connections is shown the ids.
 */
export async function connectionNames(
  context: Context,
  routes: readonly Route[],
): Promise<(id: string) => string> {
  const names = new Map<string, string>();
  if (!context.out.json && routes.some(({ connection }) => connection !== null)) {
    try {
      const { items } = await (await context.tessera()).connections.list();
      for (const { id, name } of items) names.set(id, name);
    } catch (error) {
      if (!(error instanceof TesseraError && error.code === 'insufficient_scope')) throw error;
    }
  }
  return (id) => names.get(id) ?? id;
}
