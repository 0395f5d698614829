import type { ConnectionKind } from '../../wire/connection-parts.ts';
import { warningTexts } from '../connection-view.ts';
import type { Context } from '../context.ts';
import { type CredentialOptions, credentialInput } from '../credential-input.ts';
import { usageError } from '../failure.ts';
import { type TrustOptions, trustInput } from '../trust-input.ts';

export interface Options extends CredentialOptions, TrustOptions {
  readonly name: string;
  readonly kind?: ConnectionKind;
  readonly url?: string;
  readonly skipTest?: boolean;
}

/** Stored when its test passes; nothing otherwise, unless the test is skipped. */
export async function run(options: Options, context: Context): Promise<void> {
  const { name, kind, url, skipTest } = options;
  if (kind === undefined) throw usageError('The kind is missing.', 'Add --kind http, for example.');
  if (url === undefined) throw usageError('The URL is missing.', 'Add --url https://api.example.com');
  const tessera = await context.tessera();
  const trust = await trustInput(options, context);
  const credential = await credentialInput(options, context);
  const saved = await tessera.connections.create({
    name,
    kind,
    url,
    credential,
    test: !skipTest,
    ...(trust === null ? {} : { trust }),
  });
  const { connection, warnings } = saved;
  context.out.done(saved, `Created connection ${connection.name} (${connection.id})`);
  if (context.out.json) return;
  for (const text of warningTexts(context, warnings)) context.out.remark(text);
  if (connection.trust.warning !== null) context.out.remark(`Warning: ${connection.trust.warning}`);
}
