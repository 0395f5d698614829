import type { Context } from '../context.ts';

export interface Options {
  readonly username: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { username } = options;
  const user = await (await context.tessera()).users.update(username, { disabled: false });
  context.out.done(user, `Enabled '${username}'.`);
}
