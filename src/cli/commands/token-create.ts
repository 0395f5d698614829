import type { Context } from '../context.ts';
import { defaultExpiry, type ExpiryOptions, expiryOf } from '../moments.ts';
import { newTokenRemark } from '../token-view.ts';

export interface Options extends ExpiryOptions {
  readonly name: string;
  readonly description?: string;
  readonly roles?: string[];
  readonly scopes?: string[];
  readonly user?: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { name, description, roles, scopes, user } = options;
  const expiry = expiryOf(options) ?? { expires_at: defaultExpiry(context.io.clock()) };
  const tessera = await context.tessera();
  const made = await tessera.tokens.create({ name, description, roles, scopes, user, ...expiry });
  context.out.secret(made.token, made);
  context.out.remark(newTokenRemark(made.details));
}
