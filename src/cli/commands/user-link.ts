import type { Context } from '../context.ts';

export interface Options {
  readonly username: string;
  readonly subject: string;
}

export async function run({ username, subject }: Options, context: Context): Promise<void> {
  const tessera = await context.tessera();
  const user = await tessera.users.link(username, { subject });
  context.out.done(user, `'${username}' may now sign in as that account at the provider.`);
}
