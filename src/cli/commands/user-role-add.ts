import type { RoleGrant } from '../../client/index.ts';
import type { Context } from '../context.ts';

export interface Options {
  readonly username: string;
  readonly role: string[];
}

export async function run(options: Options, context: Context): Promise<void> {
  const { username, role: roles } = options;
  const { users } = await context.tessera();
  const grants: RoleGrant[] = [];
  for (const role of roles) grants.push(await users.grantRole(username, role));
  context.out.done(grants, `'${username}' has ${roles.join(', ')}.`);
}
