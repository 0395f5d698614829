import { type Context, confirmed } from '../context.ts';
import { usageError } from '../failure.ts';
import { type ConfigChoice, foremanConfig } from '../foreman/config.ts';
import { type LoginOptions, loginOnce } from '../foreman/login.ts';

export interface Options extends ConfigChoice, LoginOptions {
  readonly tokenId: string;
  readonly user?: string;
  readonly admin?: string;
  readonly yes?: boolean;
}

/** In 1.24 only administrators may; with `--admin` one of them does it, once. */
export async function run(options: Options, context: Context): Promise<void> {
  const { tokenId, user } = options;
  if (!/^\d{1,18}$/.test(tokenId))
    throw usageError(`'${tokenId}' is not the number of a token.`, 'See: tessera foreman token list');
  const { tessera, config } = await foremanConfig(
    { ...(options.configId === undefined ? {} : { configId: options.configId }) },
    context,
  );
  await confirmed(
    context,
    `Revoke token ${tokenId} of ${user ?? config.identity ?? ''} in Foreman?`,
    options.yes,
  );
  const admin =
    options.admin === undefined ? {} : { admin: await loginOnce(options.admin, options, context) };
  await tessera.connections.revokeUpstreamToken(config.id, tokenId, {
    ...(user === undefined ? {} : { user }),
    ...admin,
  });
  context.out.done({ id: tokenId, revoked: true }, `Revoked token ${tokenId}.`);
}
