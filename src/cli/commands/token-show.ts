import type { Context } from '../context.ts';
import { findToken } from '../find-token.ts';
import { moment } from '../text.ts';
import { pinned } from '../token-view.ts';

export interface Options {
  readonly token: string;
  readonly user?: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const tessera = await context.tessera();
  const found = await findToken(tessera, { ref: options.token, user: options.user });
  const token = await tessera.tokens.get(found.id);
  const used = [token.last_used_address, token.last_used_on].filter((each) => each !== null).join(', ');
  const revokedBy = token.revoked_by === null ? '' : ` by ${token.revoked_by}`;
  context.out.record(token, [
    ['Name', token.name],
    ['Id', token.id],
    ['Owner', token.username],
    ['Type', token.type],
    ['State', token.state],
    ['Description', token.description || null],
    ['Given', pinned(token)],
    ['Allows now', token.effective_scopes.join(', ') || 'nothing'],
    ['Service', token.service],
    ['Made from', token.parent],
    ['Made into', token.children.join(', ') || null],
    ['Created', `${moment(token.created_at)} by ${token.created_by}`],
    ['Expires', moment(token.expires_at)],
    ['Revoked', token.revoked_at === null ? null : `${moment(token.revoked_at)}${revokedBy}`],
    ['Last used', `${moment(token.last_used_at)}${used === '' ? '' : ` (${used})`}`],
  ]);
}
