import type { CredentialInput } from '../wire/connections.ts';
import type { Context } from './context.ts';
import { readSecret } from './secret-input.ts';

/** A credential for a connection; the secret comes from a file, standard input or a hidden question. */
export interface CredentialOptions {
  readonly method?: 'token' | 'password' | 'bearer' | 'basic' | 'header';
  readonly user?: string;
  readonly tokenName?: string;
  readonly header?: string;
  readonly secretFile?: string;
  readonly secretStdin?: boolean;
}

/** Whether any of the flags speaks of a credential. */
export const speaksOfCredential = (options: CredentialOptions): boolean =>
  [
    options.method,
    options.user,
    options.tokenName,
    options.header,
    options.secretFile,
    options.secretStdin,
  ].some((each) => each !== undefined);

export async function credentialInput(
  options: CredentialOptions,
  context: Context,
): Promise<CredentialInput> {
  const { method, user, tokenName, header, secretFile: file, secretStdin: stdin } = options;
  const what = method === 'password' ? 'password' : 'secret';
  const secret = await readSecret(context, {
    what,
    file,
    stdin,
    flags: '--secret-file FILE or --secret-stdin',
  });
  const chosen = method ?? (header === undefined ? undefined : ('header' as const));
  const name = tokenName ?? header;
  return {
    ...(chosen === undefined ? {} : { method: chosen }),
    ...(user === undefined ? {} : { user }),
    ...(name === undefined ? {} : { name }),
    secret: secret.reveal(),
  };
}
