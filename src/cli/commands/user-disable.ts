import { type Context, confirmed } from '../context.ts';

export interface Options {
  readonly username: string;
  readonly yes?: boolean;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { username, yes } = options;
  const tessera = await context.tessera();
  await confirmed(
    context,
    `Disable '${username}'? All tokens of '${username}' are refused until enabled again.`,
    yes,
  );
  const user = await tessera.users.update(username, { disabled: true });
  context.out.done(user, `Disabled '${username}'. To undo: tessera user enable ${username}`);
}
