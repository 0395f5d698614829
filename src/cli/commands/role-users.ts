import type { Context } from '../context.ts';
import { moment } from '../text.ts';

export interface Options {
  readonly role: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { items } = await (await context.tessera()).roles.users(options.role);
  context.out.list(
    items,
    [
      { head: 'User', cell: (grant) => grant.username },
      { head: 'Given by', cell: (grant) => grant.granted_by },
      { head: 'Given at (UTC)', cell: (grant) => moment(grant.granted_at) },
    ],
    `Nobody holds '${options.role}'. Give it: tessera user role add NAME ${options.role}`,
  );
}
