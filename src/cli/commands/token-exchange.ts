import type { Context } from '../context.ts';
import { readSecret, trimmed } from '../secret-input.ts';

export interface Options {
  readonly scopes?: string[];
  readonly audience?: string;
  readonly lifetime?: string;
  readonly tokenFile?: string;
  readonly tokenStdin?: boolean;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { scopes, audience, lifetime, tokenFile: file, tokenStdin: stdin } = options;
  const other =
    file === undefined && !stdin
      ? undefined
      : trimmed(await readSecret(context, { what: 'token', file, stdin, flags: '--token-file FILE' }));
  const tessera =
    other === undefined ? await context.tessera() : await context.open((await context.target()).url, other);
  const exchanged = await tessera.exchange({ scopes, audience, lifetime });
  context.out.secret(exchanged.access_token, exchanged);
  context.out.remark(`Good for ${exchanged.expires_in} s, scope: ${exchanged.scope || 'none'}.`);
}
