import { type Context, confirmed } from '../context.ts';

export interface Options {
  readonly username: string;
  readonly yes?: boolean;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { username, yes } = options;
  const tessera = await context.tessera();
  await confirmed(context, `Delete '${username}' and revoke all tokens of '${username}'?`, yes);
  await tessera.users.delete(username);
  context.out.done({ deleted: username }, `Deleted '${username}' and revoked the tokens.`);
}
