import { unknownUser } from '../../access/names.ts';
import type { Actor } from '../../access/principal.ts';
import { err, type Result } from '../../base/result.ts';
import type { Users, UserWithRoles } from '../../people/users.ts';

/** A user by name. Bots hold tokens of another kind, which this protocol does not know; to it they are nobody. */
export async function personOf(users: Users, actor: Actor, username: string): Promise<Result<UserWithRoles>> {
  const found = await users.one(actor, username);
  return found.ok && found.value.kind === 'bot' ? err(unknownUser(username)) : found;
}
