import type { CredentialInput } from '../../wire/connections.ts';
import type { Context } from '../context.ts';
import { readSecret } from '../secret-input.ts';

export interface LoginOptions {
  readonly passwordFile?: string;
  readonly passwordStdin?: boolean;
}

/** Name and password for one call; kept nowhere. */
export async function loginOnce(
  user: string,
  options: LoginOptions,
  context: Context,
): Promise<CredentialInput> {
  const secret = await readSecret(context, {
    what: 'password',
    file: options.passwordFile,
    stdin: options.passwordStdin,
    ask: `Password of ${user} in Foreman (used once and forgotten)?`,
    flags: '--password-file FILE or --password-stdin',
  });
  return { method: 'password', user, secret: secret.reveal() };
}
