import { chooseCredential } from '../../local/proxmox/access.ts';
import { endToken } from '../../local/proxmox/tokens.ts';
import { type Context, confirmed } from '../context.ts';
import { CliError } from '../failure.ts';
import { orFail } from '../local-failure.ts';
import { type AdminOptions, adminLogin } from '../proxmox/admin.ts';
import { refuseBoth, type SourceOptions, settingsOf } from '../proxmox/source.ts';
import { revokeOnServer } from '../proxmox/token-on-server.ts';
import { waiting } from '../waiting.ts';

export interface Options extends SourceOptions, AdminOptions {
  readonly self?: boolean;
  readonly yes?: boolean;
}

/** Deletes the token of the settings on the server; the settings stay as they are. */
export async function run(options: Options, context: Context): Promise<void> {
  refuseBoth(options);
  if (options.connection !== undefined) {
    await confirmed(context, `Revoke the credential of ${options.connection}?`, options.yes);
    return revokeOnServer(options.connection, options, context);
  }
  const settings = await settingsOf(options, context);
  const { credential } = orFail(chooseCredential(settings));
  if (credential.method !== 'token') throw new CliError('There is a password here, not a token to revoke.');
  const { identity, secret } = credential;
  await confirmed(context, `Revoke ${identity}? Whatever uses it stops working.`, options.yes);
  const owner = identity.slice(0, identity.lastIndexOf('!'));
  const admin = options.self ? { user: identity, secret } : await adminLogin(options, owner, context);
  const { clock, env } = context.io;
  const work = endToken({ settings, clock, environment: env }, admin);
  orFail(await waiting(context, `Revoking ${identity}`, work)).close();
  context.out.done({ token_id: identity, revoked: true }, `Revoked ${identity}.`);
}
