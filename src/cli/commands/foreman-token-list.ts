import type { UpstreamTokenList } from '../../wire/upstream-credentials.ts';
import type { Context } from '../context.ts';
import { type ConfigChoice, foremanConfig } from '../foreman/config.ts';
import { moment } from '../text.ts';

export interface Options extends ConfigChoice {
  readonly user?: string;
}

type Token = UpstreamTokenList['items'][number];

export async function run(options: Options, context: Context): Promise<void> {
  const { tessera, config } = await foremanConfig(options, context);
  const { items } = await tessera.connections.upstreamTokens(config.id, options.user);
  context.out.list(items, COLUMNS, 'Foreman keeps no token of this login.');
}

const COLUMNS = [
  { head: 'ID', cell: (token: Token) => token.id },
  { head: 'Name', cell: (token: Token) => token.name, folds: true },
  { head: 'Active', cell: (token: Token) => (token.active ? 'yes' : 'no') },
  { head: 'Ends', cell: (token: Token) => moment(token.expires_at) },
  { head: 'Created', cell: (token: Token) => moment(token.created_at, '') },
];
