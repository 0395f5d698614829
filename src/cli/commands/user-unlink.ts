import { type Context, confirmed } from '../context.ts';

export interface Options {
  readonly username: string;
  readonly yes?: boolean;
}

export async function run({ username, yes }: Options, context: Context): Promise<void> {
  const tessera = await context.tessera();
  await confirmed(context, `Unlink '${username}' from the provider? The sessions of '${username}' end.`, yes);
  await tessera.users.unlink(username);
  context.out.done({ username }, `'${username}' can no longer sign in with the provider.`);
}
