import type { Context } from '../context.ts';
import { tlsFolder } from '../tls-folder.ts';
import { type TrustTarget, trustText } from '../tls-trust-text.ts';

export interface Options {
  readonly for?: TrustTarget;
  readonly ca?: string;
  readonly dataDir?: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { join, resolve } = await import('node:path');
  const ca =
    options.ca === undefined
      ? join(tlsFolder(options.dataDir, context.io.env, context.io.home), 'ca.pem')
      : resolve(options.ca);
  const text = trustText(ca, options.for);
  context.out.show({ ca, text }, () => text);
}
