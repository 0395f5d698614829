/** Scopes that always exist, and what each allows in words a person can decide by. */
export const BUILTIN_SCOPES: Readonly<Record<string, string>> = {
  'user:token': 'Create, list and revoke your own tokens',
  'admin:token': 'Manage all tokens, users, roles and scopes',
  'admin:userinfo': 'Read the user directory',
  'admin:oidc': 'Manage OpenID Connect clients',
  'read:connections': 'See connections and their health',
  'admin:connections': 'Create, change and test connections',
  'admin:routes': 'Create and change routes and guards',
  'read:machines': 'See virtual machines and jobs',
  'write:machines': 'Create, start, stop and delete virtual machines',
  'read:audit': 'Read and verify the audit trail',
};

/** Ships as an example of a scope that guards a service; may be removed. */
export const EXAMPLE_SCOPES: Readonly<Record<string, string>> = {
  'write:sasquatch': 'Write metrics to Sasquatch',
};

export const ADMIN_SCOPE = 'admin:token';
export const OWN_TOKENS_SCOPE = 'user:token';

/** Holds every scope, also those registered later. */
export const ADMIN_ROLE = 'admin';
/** Every user has it without being given it. */
export const USER_ROLE = 'user';

/** role name to its scopes; the administrator's role lists every scope known at this moment */
export type RoleTable = ReadonlyMap<string, ReadonlySet<string>>;

export function roleHolds(roles: RoleTable, role: string, scope: string): boolean {
  return roles.get(role)?.has(scope) ?? false;
}

export const sorted = (names: Iterable<string>): string[] => [...names].sort();
