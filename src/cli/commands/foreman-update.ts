import { warningTexts } from '../connection-view.ts';
import type { Context } from '../context.ts';
import { usageError } from '../failure.ts';
import {
  foremanConfig,
  foremanCredential,
  foremanTrust,
  remarkArgument,
  type TokenOptions,
} from '../foreman/config.ts';
import { readVerifySsl, type VerifySsl, verifySslOnly } from '../foreman/verify-ssl.ts';

export interface Options extends TokenOptions {
  readonly configId?: string;
  readonly name?: string;
  readonly url?: string;
  readonly verifySsl?: VerifySsl;
  readonly ca?: string;
}

/** What is not named stays as it is. */
export async function run(options: Options, context: Context): Promise<void> {
  // `update --verify-ssl ID`: the word behind the flag is the configuration.
  const read = readVerifySsl(options.verifySsl);
  const wanted = options.configId ?? read.rest;
  const verify = options.configId === undefined ? read.verify : verifySslOnly(options.verifySsl);
  if (wanted === undefined) throw usageError('Which configuration?', 'See: tessera foreman list');
  const { name, url, ca, username } = options;
  const credential = await foremanCredential(options, context);
  if (credential === null && (username !== undefined || url !== undefined))
    throw usageError(
      `Another ${url === undefined ? 'login' : 'URL'} needs the token again: it is bound to what it was stored for.`,
      'Add --token login:token, or --token-stdin.',
    );
  const trust = await foremanTrust(ca === undefined ? verify : null, ca, context);
  if (name === undefined && url === undefined && credential === null && trust === null)
    throw usageError('Nothing to change was named.', 'See: tessera foreman update --help');
  const { tessera, config } = await foremanConfig({ configId: wanted }, context);
  const saved = await tessera.connections.update(config.id, {
    test: false,
    ...(name === undefined ? {} : { name: name.trim() }),
    ...(url === undefined ? {} : { url: url.trim() }),
    ...(credential === null ? {} : { credential }),
    ...(trust === null ? {} : { trust }),
  });
  context.out.show(
    saved.connection,
    () => `Updated Foreman configuration ${saved.connection.name} (${saved.connection.id})`,
  );
  if (context.out.json) return;
  for (const text of warningTexts(context, saved.warnings)) context.out.remark(text);
  remarkArgument(options, context);
}
