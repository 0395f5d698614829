import type { RoleGrant } from '../../client/index.ts';
import type { Context } from '../context.ts';
import { findToken } from '../find-token.ts';
import { moment } from '../text.ts';
import { nameOf } from '../token-view.ts';

export interface Options {
  readonly token: string;
  readonly user?: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const tessera = await context.tessera();
  const token = await findToken(tessera, { ref: options.token, user: options.user });
  const me = await tessera.me();
  const owner = token.username === me.username ? me.user : await tessera.users.get(token.username);
  const held: readonly RoleGrant[] = owner?.roles ?? [];
  const roles = token.roles === null ? held.map((grant) => grant.role) : token.roles;
  const rows = roles.map((role) => {
    const grant = held.find((each) => each.role === role);
    return { role, granted_by: grant?.granted_by ?? null, granted_at: grant?.granted_at ?? null };
  });
  const outcome = {
    id: token.id,
    name: token.name,
    owner: token.username,
    pinned: token.roles !== null,
    roles: rows,
  };
  if (context.out.json) return context.out.show(outcome, () => '');
  context.out.line(`Token: ${nameOf(token)}`);
  context.out.line(`Owner: ${token.username}`);
  if (token.roles === null) context.out.line('Roles: all that the owner holds at any time');
  context.out.line('');
  context.out.list(
    rows,
    [
      { head: 'Role', cell: (row) => row.role },
      { head: 'Given by', cell: givenBy },
      { head: 'Given at (UTC)', cell: (row) => moment(row.granted_at, '') },
    ],
    'No roles.',
  );
}

/** Everybody has the role `user` without its being given. */
const givenBy = (row: { role: string; granted_by: string | null }): string =>
  row.granted_by ?? (row.role === 'user' ? 'everybody has it' : 'no longer held');
