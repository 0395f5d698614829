import type { Context } from '../context.ts';
import { type CredentialOptions, credentialInput, speaksOfCredential } from '../credential-input.ts';
import { usageError } from '../failure.ts';
import { type TrustOptions, trustInput } from '../trust-input.ts';

export interface Options extends CredentialOptions, TrustOptions {
  readonly connection: string;
  readonly url?: string;
  readonly fallback?: 'on' | 'off';
  readonly skipTest?: boolean;
}

/** What is not named stays. Another URL asks for the credential again: a secret never moves to another host. */
export async function run(options: Options, context: Context): Promise<void> {
  const { url, fallback, skipTest } = options;
  const trust = await trustInput(options, context);
  const wantsCredential = speaksOfCredential(options) || url !== undefined;
  if (!wantsCredential && trust === null && fallback === undefined)
    throw usageError('Nothing to change was named.', 'See: tessera connection update --help');
  const tessera = await context.tessera();
  const saved = await tessera.connections.update(options.connection, {
    test: !skipTest,
    ...(url === undefined ? {} : { url }),
    ...(trust === null ? {} : { trust }),
    ...(fallback === undefined ? {} : { fallback_enabled: fallback === 'on' }),
    ...(wantsCredential ? { credential: await credentialInput(options, context) } : {}),
  });
  context.out.done(saved, `Updated connection ${saved.connection.name}`);
}
