import type { UserInfo } from '../base/user-info.ts';

export type TokenType = 'session' | 'user' | 'service' | 'internal' | 'notebook';

/** One token as kept. All times are epoch seconds. */
export interface TokenRecord {
  readonly id: string;
  /** SHA-256 of the secret, hex. */
  readonly secretDigest: string;
  /** Delegated tokens are handed out again unchanged, so theirs is kept sealed as well. */
  readonly sealedSecret: string | null;
  readonly username: string;
  readonly type: TokenType;
  readonly name: string | null;
  readonly description: string;
  /** Roles pinned at creation; null: all the owner holds. */
  readonly roles: readonly string[] | null;
  /** Scopes pinned at creation; null: all that the roles give. */
  readonly scopes: readonly string[] | null;
  /** Of `scopes`, those an administrator gave although the owner's roles did not; they do not fall with a role. */
  readonly granted: readonly string[];
  /** For delegated tokens: the service it was made out to. */
  readonly service: string | null;
  readonly parentId: string | null;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly revokedBy: string | null;
  /** When the end of its life was written into the history; its name is free from then on. */
  readonly sweptAt: number | null;
  readonly lastUsedAt: number | null;
  readonly lastUsedAddress: string | null;
  readonly lastUsedRoute: string | null;
  /** Given at creation; overrides what the user record says, for this token. */
  readonly userInfo: UserInfo | null;
}

export type TokenState = 'active' | 'expired' | 'revoked';

export function tokenState(
  token: Pick<TokenRecord, 'revokedAt' | 'expiresAt'>,
  nowSeconds: number,
): TokenState {
  if (token.revokedAt !== null) return 'revoked';
  return token.expiresAt !== null && token.expiresAt <= nowSeconds ? 'expired' : 'active';
}

/** The owner of tokens, as far as verdicts depend on it. */
export interface OwnerRecord {
  readonly username: string;
  readonly kind: 'user' | 'bot';
  readonly disabled: boolean;
  /** Granted roles; the role every user has is not among them. */
  readonly roles: readonly string[];
  readonly userInfo: UserInfo;
}

/** One line of a token's change history, in the terms of the Gafaelfawr API, which shows it. */
export interface HistoryEntry {
  readonly tokenId: string;
  readonly username: string;
  readonly type: TokenType;
  readonly name: string | null;
  readonly parentId: string | null;
  readonly service: string | null;
  readonly scopes: readonly string[];
  readonly expiresAt: number | null;
  readonly actor: string;
  readonly action: 'create' | 'edit' | 'revoke' | 'expire';
  readonly address: string | null;
  /** Epoch seconds. */
  readonly at: number;
  /** Only on `edit`, and only what the edit sent. */
  readonly old: {
    readonly name?: string | null;
    readonly scopes?: readonly string[];
    readonly expiresAt?: number | null;
  };
}

export interface StoredHistoryEntry extends HistoryEntry {
  readonly row: number;
}
