import type { Identity } from '../access/identity.ts';
import type { UserInfo } from '../base/user-info.ts';

/** A user or a bot. Times are epoch seconds. */
export interface PrincipalRecord {
  readonly username: string;
  readonly kind: 'user' | 'bot';
  readonly userInfo: UserInfo;
  readonly hasPassword: boolean;
  /** Who this is at the provider, when one may sign in with it. */
  readonly identity: Identity | null;
  readonly disabled: boolean;
  readonly createdAt: number;
  readonly createdBy: string;
}

export interface PrincipalWithGrants extends PrincipalRecord {
  readonly roles: readonly RoleGrant[];
}

/** A user whose password was proven. Whoever acts on it later compares the hash: it may have changed meanwhile. */
export interface SignedIn {
  readonly username: string;
  readonly passwordHash: string;
}

/** A role given to a user: by whom and when stays known. */
export interface RoleGrant {
  readonly username: string;
  readonly role: string;
  readonly grantedBy: string;
  /** Epoch milliseconds: the OSMO surface shows fractions of a second. */
  readonly grantedAt: number;
}

export interface RoleRecord {
  readonly name: string;
  readonly description: string;
  /** For the administrator's role: every scope known now. */
  readonly scopes: readonly string[];
  readonly builtin: boolean;
}

export interface ScopeRecord {
  readonly name: string;
  readonly description: string;
  readonly builtin: boolean;
}
