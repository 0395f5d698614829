import type { Identity } from '../access/identity.ts';
import type { Actor } from '../access/principal.ts';
import type { RoleTable } from '../access/scopes.ts';
import type { Journal } from '../audit/journal.ts';
import type { Result } from '../base/result.ts';
import type { UserInfo } from '../base/user-info.ts';
import type { PrincipalRecord, PrincipalWithGrants, RoleGrant, RoleRecord, ScopeRecord } from './record.ts';

export interface PrincipalFilter {
  readonly kind?: 'user' | 'bot';
  readonly prefix?: string;
  /** Holding at least one of these. */
  readonly roles?: readonly string[];
}

export interface PeopleReads {
  principal(username: string): Promise<PrincipalRecord | null>;
  /** Newest first, then by name. */
  principals(filter: PrincipalFilter): Promise<PrincipalRecord[]>;
  /** The same, each with its grants, ordered by role. */
  principalsWithGrants(filter: PrincipalFilter): Promise<PrincipalWithGrants[]>;
  /** Of one user, ordered by role; of one role, newest first. */
  grantsOf(username: string): Promise<RoleGrant[]>;
  grantsOfRole(role: string): Promise<RoleGrant[]>;
  roles(): Promise<RoleRecord[]>;
  scopes(): Promise<ScopeRecord[]>;
  roleTable(): Promise<RoleTable>;
  passwordHash(username: string): Promise<string | null>;
  /** Who signs in as this identity. */
  principalWithIdentity(identity: Identity): Promise<PrincipalRecord | null>;
}

export interface NewPrincipal {
  readonly username: string;
  readonly kind: 'user' | 'bot';
  readonly userInfo: UserInfo;
  readonly passwordHash: string | null;
  readonly identity?: Identity;
  readonly createdAt: number;
  readonly createdBy: string;
}

export interface PeopleTx extends PeopleReads, Journal {
  /** Whether a principal has this name in any spelling of upper and lower case. */
  nameIsTaken(username: string): Promise<boolean>;
  insertPrincipal(principal: NewPrincipal): Promise<void>;
  updatePrincipal(
    username: string,
    change: Partial<{
      userInfo: UserInfo;
      disabled: boolean;
      passwordHash: string | null;
      identity: Identity | null;
    }>,
  ): Promise<void>;
  deletePrincipal(username: string): Promise<void>;
  insertGrant(grant: RoleGrant): Promise<void>;
  deleteGrant(username: string, role: string): Promise<boolean>;
  putRole(role: RoleRecord): Promise<void>;
  deleteRole(name: string): Promise<void>;
  putScope(scope: ScopeRecord): Promise<void>;
  deleteScope(name: string): Promise<void>;
  /** Revokes the user's live tokens (or sessions only) with all made from them. Returns how many. */
  revokeTokensOf(username: string, which: 'all' | 'sessions', actor: Actor, atMs: number): Promise<number>;
  /** Takes the role out of the user's live tokens, which do not get it back with a later grant. */
  unpinRole(username: string, role: string): Promise<void>;
  administrators(): Promise<string[]>;
  bootstrapSecrets(): Promise<{ id: string; digest: string }[]>;
  insertBootstrapSecret(id: string, digest: string, createdAt: number): Promise<void>;
  deleteBootstrapSecrets(): Promise<void>;
}

export interface PeopleStore extends PeopleReads {
  change<T>(work: (tx: PeopleTx) => Promise<Result<T>>): Promise<Result<T>>;
  bootstrapSecrets(): Promise<{ id: string; digest: string }[]>;
  administrators(): Promise<string[]>;
}

export interface SignInAttempts {
  readonly failures: number;
  /** Epoch milliseconds. */
  readonly lastAt: number;
}

export interface ThrottleRule {
  /** Attempts without any wait. */
  readonly free: number;
  /** What is waited after the last attempt: the first beyond the free ones, the second, ... and all further. */
  readonly waitsMs: readonly number[];
  /** For each of these since the last attempt, one counts no more. */
  readonly fadeMs: number;
  /** After such a time without an attempt the count starts anew. */
  readonly memoryMs: number;
}

export interface ThrottleStore {
  /**
   * Counts an attempt unless the rule has it wait, in one statement: of many at once no more are counted than one
   * after the other. Null when counted, else what stands against it.
   */
  countAttempt(key: string, atMs: number, rule: ThrottleRule): Promise<SignInAttempts | null>;
  /** The attempt counted last was none, or is not to be held against its sender. */
  takeBack(key: string): Promise<void>;
  clear(key: string): Promise<void>;
}
