import { type Context, confirmed } from '../context.ts';

export interface Options {
  readonly username: string;
  readonly role: string[];
  readonly yes?: boolean;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { username, role: roles, yes } = options;
  const { users } = await context.tessera();
  const names = roles.join(', ');
  await confirmed(
    context,
    `Take ${names} from '${username}'? All tokens of '${username}' lose it at once, and do not get it back.`,
    yes,
  );
  for (const role of roles) await users.revokeRole(username, role);
  context.out.done({ username, removed: roles }, `Took ${names} from '${username}'.`);
}
