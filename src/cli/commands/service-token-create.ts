import type { Context } from '../context.ts';
import { usageError } from '../failure.ts';
import { defaultExpiry, type ExpiryOptions, expiryOf } from '../moments.ts';
import { newTokenRemark } from '../token-view.ts';

export interface Options extends ExpiryOptions {
  readonly username: string;
  readonly scopes?: string[];
  readonly description?: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { username, scopes, description } = options;
  if (scopes === undefined)
    throw usageError(
      'A service token needs to know what it allows.',
      'Name its scopes, such as --scopes write:sasquatch; see them with: tessera scope list',
    );
  const expiry = expiryOf(options) ?? { expires_at: defaultExpiry(context.io.clock()) };
  const tessera = await context.tessera();
  const made = await tessera.tokens.createService({ username, scopes, description, ...expiry });
  context.out.secret(made.token, made);
  context.out.remark(newTokenRemark(made.details));
}
