import { type TrustChangeOptions, trustOnServer } from '../connection-trust.ts';
import type { Context } from '../context.ts';

export interface Options extends TrustChangeOptions {
  readonly connection: string;
}

export const run = (options: Options, context: Context): Promise<number> =>
  trustOnServer(options.connection, options, context);
