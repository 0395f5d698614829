import type { Token } from '../client/index.ts';
import type { Column } from './table.ts';
import { moment } from './text.ts';

/** What a person calls the token by. */
export const nameOf = (token: Token): string => token.name ?? token.id;

/** What was pinned at creation, in few words. */
export function pinned(token: Token): string {
  const roles = token.roles === null ? null : token.roles.join(', ') || 'none';
  const scopes = token.scopes === null ? null : token.scopes.join(', ') || 'none';
  if (token.type === 'service') return scopes ?? 'none';
  if (roles === null && scopes === null) return "all of the owner's";
  if (scopes === null) return roles ?? '';
  return roles === null ? `only ${scopes}` : `${roles}; only ${scopes}`;
}

export const NAME: Column<Token> = { head: 'Name', cell: nameOf };
export const ID: Column<Token> = { head: 'Id', cell: (token) => token.id };
export const OWNER: Column<Token> = { head: 'Owner', cell: (token) => token.username };
export const STATE: Column<Token> = { head: 'State', cell: (token) => token.state };
export const EXPIRES: Column<Token> = {
  head: 'Expires (UTC)',
  cell: (token) => moment(token.expires_at),
};
export const DESCRIPTION: Column<Token> = {
  head: 'Description',
  cell: (token) => token.description,
  folds: true,
};
export const PINNED = (head: string): Column<Token> => ({ head, cell: pinned, folds: true });

/** Said once beside a new secret. */
export const newTokenRemark = (token: Token): string =>
  `Token '${nameOf(token)}' of ${token.username}, good until ${moment(token.expires_at, 'it is revoked')}${token.expires_at === null ? '' : ' (UTC)'}. Keep it now: it is not shown again.`;
