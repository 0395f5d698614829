import type { Context } from '../context.ts';
import { moment } from '../text.ts';

export interface Options {
  readonly username: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const user = await (await context.tessera()).users.get(options.username);
  const roles = user.roles.map(
    (grant) => `${grant.role} (by ${grant.granted_by}, ${moment(grant.granted_at)})`,
  );
  context.out.record(user, [
    ['User', user.username],
    ['Kind', user.kind],
    ['State', user.disabled ? 'disabled' : 'active'],
    ['Name', user.name],
    ['E-mail', user.email],
    ['UID, GID', user.uid === null ? null : `${user.uid}, ${user.gid ?? 'none'}`],
    ['Groups', user.groups?.map((group) => group.name).join(', ') || null],
    ['Password', user.has_password ? 'set' : 'none; cannot sign in by name'],
    ['Provider', user.identity && `${user.identity.subject} at ${user.identity.issuer}`],
    ['Roles', roles.join(', ') || 'none'],
    ['Created', `${moment(user.created_at)} by ${user.created_by}`],
  ]);
}
