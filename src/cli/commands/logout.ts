import { TesseraError } from '../../client/index.ts';
import type { Context } from '../context.ts';
import { CliError } from '../failure.ts';
import type { Profile } from '../profiles.ts';
import { serverAddress } from '../server-address.ts';

export interface Options {
  readonly url?: string;
  readonly forget?: boolean;
}

export async function run(options: Options, context: Context): Promise<void> {
  const url = options.url === undefined ? (await context.target()).url : serverAddress(options.url);
  const profile = (await context.profiles.read()).profiles[url];
  if (profile === undefined) {
    const fromEnvironment = context.io.env.TESSERA_TOKEN
      ? ' What TESSERA_TOKEN holds is used all the same.'
      : '';
    throw new CliError(`Nobody is logged in to ${url}.${fromEnvironment}`, 'There is nothing to do.');
  }
  const ended = profile.kind === 'session' && (await endSession(context, url, profile, options.forget));
  await context.profiles.forget(url);
  context.out.done({ url, username: profile.username, revoked: ended }, remark(url, profile, ended));
}

/** True when the session is dead on the server, by us or before. */
async function endSession(
  context: Context,
  url: string,
  profile: Profile,
  forget: boolean | undefined,
): Promise<boolean> {
  try {
    await (await context.open(url, profile.token)).session.signOut();
    return true;
  } catch (failure) {
    if (failure instanceof TesseraError && failure.status === 401) return true;
    if (forget) return false;
    if (!(failure instanceof TesseraError)) throw failure;
    throw new CliError(
      `The session could not be ended, so you are still logged in. ${failure.message}`,
      'Try again later, or forget it here and let it run out: tessera logout --forget',
    );
  }
}

function remark(url: string, profile: Profile, ended: boolean): string {
  if (profile.kind === 'token')
    return `Forgot the token for ${url}. It is still good: it was not made by logging in. To end it, revoke it with: tessera token revoke NAME`;
  return ended
    ? `Logged out of ${url}; the session is revoked.`
    : `Forgot the session at ${url}; the server was not told, it runs out by itself.`;
}
