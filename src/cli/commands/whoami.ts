import type { Context } from '../context.ts';
import { moment } from '../text.ts';
import { nameOf } from '../token-view.ts';

export async function run(_options: object, context: Context): Promise<void> {
  const { url } = await context.target();
  const me = await (await context.tessera()).me();
  const { token, user } = me;
  context.out.record({ server: url, ...me }, [
    ['User', me.username],
    ['Name', user?.name ?? null],
    ['Server', url],
    ['Token', token === null ? null : `${nameOf(token)} (${token.type})`],
    ['Expires', token === null ? null : moment(token.expires_at)],
    ['Roles', me.roles.join(', ') || 'none'],
    ['Scopes', me.scopes.join(', ') || 'none'],
  ]);
}
