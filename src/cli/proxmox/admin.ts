import type { AdminLogin } from '../../local/proxmox/tokens.ts';
import type { Context } from '../context.ts';
import { readSecret } from '../secret-input.ts';

/** An administrator's login for one command. */
export interface AdminOptions {
  readonly admin?: string;
  readonly adminPasswordFile?: string;
  readonly adminPasswordStdin?: boolean;
}

/** Asked for, used once, kept nowhere. With a token id as name the secret is the token's. */
export async function adminLogin(
  options: AdminOptions,
  preset: string,
  context: Context,
): Promise<AdminLogin> {
  const user = options.admin ?? preset;
  const what = user.includes('!') ? 'token secret' : 'password';
  const secret = await readSecret(context, {
    what,
    file: options.adminPasswordFile,
    stdin: options.adminPasswordStdin,
    ask: `${what === 'password' ? 'Password' : 'Token secret'} of ${user} (used once and forgotten)?`,
    flags: '--admin-password-file FILE or --admin-password-stdin',
  });
  return { user, secret };
}
