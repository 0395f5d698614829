import { warningTexts } from '../connection-view.ts';
import type { Context } from '../context.ts';
import { usageError } from '../failure.ts';
import { foremanCredential, foremanTrust, remarkArgument, type TokenOptions } from '../foreman/config.ts';
import { type VerifySsl, verifySslOnly } from '../foreman/verify-ssl.ts';

export interface Options extends TokenOptions {
  readonly name?: string;
  readonly url?: string;
  readonly verifySsl?: VerifySsl;
  readonly ca?: string;
}

/** Stores a configuration; its test is a step of its own. */
export async function run(options: Options, context: Context): Promise<void> {
  const { name: wanted, url } = options;
  if (wanted === undefined) throw usageError('The name is missing.', 'Add --name NAME');
  if (url === undefined) throw usageError('The URL is missing.', 'Add --url https://foreman.example.com');
  const verify = verifySslOnly(options.verifySsl) ?? true;
  const credential = await foremanCredential(options, context);
  if (credential === null)
    throw usageError('The token is missing.', 'Give --token login:token, or --token-stdin.');
  const tessera = await context.tessera();
  // A file given beside the default means verification against it.
  const trust = await foremanTrust(options.ca === undefined ? verify : null, options.ca, context);
  const saved = await tessera.connections.create({
    name: wanted.trim(),
    kind: 'foreman',
    url: url.trim(),
    credential,
    test: false,
    ...(trust === null ? {} : { trust }),
  });
  const { name, id } = saved.connection;
  context.out.show(saved.connection, () => `Created Foreman configuration ${name} (${id})`);
  if (context.out.json) return;
  for (const text of warningTexts(context, saved.warnings)) context.out.remark(text);
  remarkArgument(options, context);
  context.out.remark(`Test it: tessera foreman test ${id}`);
}
