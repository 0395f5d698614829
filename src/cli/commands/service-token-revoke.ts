import { type Context, confirmed } from '../context.ts';
import { findServiceToken } from '../find-token.ts';

export interface Options {
  readonly token: string;
  readonly yes?: boolean;
}

export async function run(options: Options, context: Context): Promise<void> {
  const tessera = await context.tessera();
  const token = await findServiceToken(tessera, options.token);
  const label = `${token.id} of ${token.username}`;
  await confirmed(context, `Revoke the service token ${label}? What uses it stops working.`, options.yes);
  context.out.done(await tessera.tokens.revoke(token.id), `Revoked the service token ${label}.`);
}
