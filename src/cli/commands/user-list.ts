import type { Context } from '../context.ts';

export interface Options {
  readonly kind?: 'user' | 'bot';
  readonly role?: string;
  readonly idPrefix?: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { kind, role, idPrefix: prefix } = options;
  const { items } = await (await context.tessera()).users.list({ kind, role, prefix });
  context.out.list(
    items,
    [
      { head: 'User', cell: (user) => user.username },
      { head: 'Kind', cell: (user) => user.kind },
      { head: 'State', cell: (user) => (user.disabled ? 'disabled' : 'active') },
      { head: 'Name', cell: (user) => user.name ?? '', folds: true },
      { head: 'Roles', cell: (user) => user.roles.map((grant) => grant.role).join(', '), folds: true },
    ],
    'No user matches. Create one: tessera user create NAME',
  );
}
