import { USER_ROLE } from '../../access/scopes.ts';
import type { RoleGrant } from '../../people/record.ts';
import type { TokenRecord } from '../../tokens/record.ts';
import { stampOf } from './day.ts';

/**
 * Our roles in this protocol's terms. The role that every user has plays its built-in default role: every token
 * made here carries it, no answer shows it.
 */
export const DEFAULT_ROLE = USER_ROLE;

/**
 * The roles a token carries of those its owner holds now, sorted. A token that was narrowed to scopes holds no
 * role whole, so it shows none.
 */
export function rolesShown(token: Pick<TokenRecord, 'roles' | 'scopes'>, held: readonly string[]): string[] {
  if (token.scopes !== null) return [];
  const carried = held.filter((role) => token.roles === null || token.roles.includes(role));
  return [...new Set(carried)].filter((role) => role !== DEFAULT_ROLE).sort();
}

export const assignmentOf = (grant: RoleGrant) => ({
  role_name: grant.role,
  assigned_by: grant.grantedBy,
  assigned_at: stampOf(grant.grantedAt),
});
