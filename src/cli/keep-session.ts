import { Secret } from '../base/secret.ts';
import type { Session } from '../client/index.ts';
import type { Context } from './context.ts';
import { CliError } from './failure.ts';
import { moment } from './text.ts';

/** Remembers a session the server opened, and says so. */
export async function keepSession(context: Context, url: string, session: Session): Promise<void> {
  const { username, token, expires_at: expiresAt } = session;
  if (token === undefined)
    throw new CliError(`${url} opened a session but sent no token.`, 'Check that it is of the same version.');
  await context.profiles.remember(url, { username, kind: 'session', token: new Secret(token), expiresAt });
  context.out.done(
    { url, username, expires_at: expiresAt },
    `Logged in to ${url} as ${username}, until ${moment(expiresAt, 'you log out')}${expiresAt ? ' (UTC)' : ''}.`,
  );
}
