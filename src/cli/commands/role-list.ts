import type { Context } from '../context.ts';

export async function run(_options: object, context: Context): Promise<void> {
  const { items } = await (await context.tessera()).roles.list();
  context.out.list(
    items,
    [
      { head: 'Role', cell: (role) => role.name },
      { head: 'Scopes', cell: (role) => role.scopes.join(', '), folds: true },
      { head: 'Description', cell: (role) => role.description, folds: true },
    ],
    'No roles. Create one: tessera role create NAME --scopes SCOPE',
  );
}
