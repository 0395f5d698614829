import { type Context, confirmed } from '../context.ts';
import { findToken } from '../find-token.ts';
import { quantity } from '../text.ts';
import { nameOf } from '../token-view.ts';

export interface Options {
  readonly token: string;
  readonly user?: string;
  readonly yes?: boolean;
}

export async function run(options: Options, context: Context): Promise<void> {
  const tessera = await context.tessera();
  const token = await findToken(tessera, { ref: options.token, user: options.user, living: true });
  const label = `'${nameOf(token)}' of ${token.username}`;
  await confirmed(context, `Revoke the token ${label}? What uses it stops working.`, options.yes);
  const outcome = await tessera.tokens.revoke(token.id);
  const others = outcome.revoked.length - 1;
  context.out.done(
    outcome,
    `Revoked the token ${label}${others > 0 ? ` and ${quantity(others, 'token')} made from it` : ''}.`,
  );
}
