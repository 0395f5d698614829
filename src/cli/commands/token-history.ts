import type { TokenHistory } from '../../client/index.ts';
import type { Context } from '../context.ts';
import { findToken } from '../find-token.ts';
import { moment } from '../text.ts';

export interface Options {
  readonly token: string;
  readonly user?: string;
}

type Change = TokenHistory['items'][number];

export async function run(options: Options, context: Context): Promise<void> {
  const tessera = await context.tessera();
  const token = await findToken(tessera, { ref: options.token, user: options.user });
  const { items } = await tessera.tokens.history(token.id);
  context.out.list(
    items,
    [
      { head: 'When (UTC)', cell: (change) => moment(change.at) },
      { head: 'What', cell: (change) => change.action },
      { head: 'Who', cell: (change) => change.actor },
      { head: 'From', cell: (change) => change.address ?? '' },
      { head: 'Detail', cell: detail, folds: true },
    ],
    'Nothing is recorded of this token.',
  );
}

function detail(change: Change): string {
  const parts: string[] = [];
  if (change.old_name != null && change.old_name !== change.name) parts.push(`name was ${change.old_name}`);
  if (change.old_scopes !== undefined) parts.push(`scopes were ${change.old_scopes.join(', ') || 'none'}`);
  if (change.old_expires_at !== undefined) parts.push(`end was ${moment(change.old_expires_at)}`);
  if (change.action === 'create') parts.push(`until ${moment(change.expires_at)}`);
  return parts.join('; ');
}
