import { collected } from '../collect.ts';
import type { Context } from '../context.ts';
import { EXPIRES, ID, OWNER, PINNED, STATE } from '../token-view.ts';

export interface Options {
  readonly user?: string;
  readonly state?: 'active' | 'expired' | 'revoked' | 'all';
}

export async function run(options: Options, context: Context): Promise<void> {
  const tessera = await context.tessera();
  const { user = '*', state } = options;
  const tokens = await collected(tessera.tokens.list({ user, type: 'service', state }));
  context.out.list(
    tokens,
    [OWNER, ID, STATE, EXPIRES, PINNED('Scopes')],
    'No service tokens. Make one: tessera service-token create bot-NAME --scopes SCOPE',
  );
}
