import type { Context } from '../context.ts';

export async function run(_options: object, context: Context): Promise<void> {
  const { items } = await (await context.tessera()).scopes.list();
  context.out.list(
    items,
    [
      { head: 'Scope', cell: (scope) => scope.name },
      { head: 'Description', cell: (scope) => scope.description, folds: true },
    ],
    'No scopes. Register one: tessera scope create NAME --description TEXT',
  );
}
