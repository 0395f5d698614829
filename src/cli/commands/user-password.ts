import type { Context } from '../context.ts';
import { readSecret } from '../secret-input.ts';

export interface Options {
  readonly username?: string;
  readonly passwordFile?: string;
  readonly passwordStdin?: boolean;
  readonly oldPasswordFile?: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const tessera = await context.tessera();
  const me = await tessera.me();
  const username = options.username ?? me.username;
  const own = username === me.username;
  // Somebody else's is set by an administrator, who need not know it.
  const old =
    options.oldPasswordFile !== undefined || (own && me.user?.has_password && context.ask !== null)
      ? await readSecret(context, {
          what: 'present password',
          file: options.oldPasswordFile,
          flags: '--old-password-file FILE',
        })
      : undefined;
  const password = await readSecret(context, {
    what: 'new password',
    file: options.passwordFile,
    stdin: options.passwordStdin,
    ask: `New password for ${username} (at least 10 characters)?`,
    twice: true,
    flags: '--password-file FILE or --password-stdin',
  });
  await tessera.users.setPassword(username, {
    password: password.reveal(),
    old_password: old?.reveal(),
  });
  context.out.done({ changed: username }, `Set the password of '${username}'.`);
}
