import type { Context } from '../context.ts';
import { usageError } from '../failure.ts';

export interface Options {
  readonly username: string;
  readonly name?: string;
  readonly email?: string;
  readonly addRoles?: string[];
  readonly removeRoles?: string[];
}

/** First the entry, then roles given, then roles taken. */
export async function run(options: Options, context: Context): Promise<void> {
  const { username, name, email, addRoles = [], removeRoles = [] } = options;
  const entry = {
    ...(name === undefined ? {} : { name: name || null }),
    ...(email === undefined ? {} : { email: email || null }),
  };
  const changesEntry = Object.keys(entry).length > 0;
  if (!changesEntry && addRoles.length === 0 && removeRoles.length === 0)
    throw usageError('Nothing to change was given.', 'See: tessera user update --help');
  const { users } = await context.tessera();
  if (changesEntry) await users.update(username, entry);
  for (const role of addRoles) await users.grantRole(username, role);
  for (const role of removeRoles) await users.revokeRole(username, role);
  context.out.done(context.out.json ? await users.get(username) : null, `Changed '${username}'.`);
}
