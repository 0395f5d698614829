import { collected } from '../collect.ts';
import type { Context } from '../context.ts';
import { DESCRIPTION, EXPIRES, NAME, OWNER, PINNED, STATE } from '../token-view.ts';

export interface Options {
  readonly user?: string;
  readonly type?: 'session' | 'user' | 'service' | 'internal' | 'notebook';
  readonly state?: 'active' | 'expired' | 'revoked' | 'all';
  readonly search?: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { user, type, state, search } = options;
  const tessera = await context.tessera();
  const tokens = await collected(tessera.tokens.list({ user, type, state, search }));
  const owner = user === undefined ? [] : [OWNER];
  const filtered = [type, state, search].some((each) => each !== undefined);
  context.out.list(
    tokens,
    [NAME, ...owner, STATE, EXPIRES, PINNED('Roles'), DESCRIPTION],
    filtered || user !== undefined
      ? 'No token matches. See all of yours with: tessera token list --state all'
      : 'No tokens yet. Make one: tessera token create NAME',
  );
}
