import type { Identity } from '../access/identity.ts';
import type { RoleTable } from '../access/scopes.ts';
import type { Journal } from '../audit/journal.ts';
import type { Result } from '../base/result.ts';
import type {
  HistoryEntry,
  OwnerRecord,
  StoredHistoryEntry,
  TokenRecord,
  TokenState,
  TokenType,
} from './record.ts';

export interface TokenFilter {
  readonly username?: string;
  readonly name?: string;
  readonly types?: readonly TokenType[];
  readonly parentId?: string;
  /** Whether revoked tokens are listed. Default: no. */
  readonly includeRevoked?: boolean;
  /** Whether tokens whose end was already written into the history are listed. Default: yes. */
  readonly includeSwept?: boolean;
  /** Only tokens in this state at `now` (epoch seconds). */
  readonly state?: TokenState;
  readonly now?: number;
  readonly search?: string;
  readonly limit?: number;
  /** Continue behind this token (its creation time and id). */
  readonly after?: { readonly createdAt: number; readonly id: string };
}

export interface HistoryFilter {
  readonly username?: string;
  readonly actor?: string;
  /** Entries of this token and of its direct children. */
  readonly tokenIdOrParent?: string;
  readonly tokenId?: string;
  readonly type?: string;
  readonly since?: number;
  readonly until?: number;
  /** A single address, or all of those that the network contains. */
  readonly addresses?: (address: string) => boolean;
  /** This entry and older ones. */
  readonly upTo?: HistoryPlace;
  /** Entries newer than this one; with `limit`, those nearest to it. */
  readonly newerThan?: HistoryPlace;
  readonly limit?: number;
}

/** Where an entry stands in the history: its time (epoch seconds) and its row. */
export interface HistoryPlace {
  readonly at: number;
  readonly row: number;
}

/** Reads that need no transaction. Lists are ordered newest first, then by id in byte order. */
export interface TokenReads {
  token(id: string): Promise<TokenRecord | null>;
  tokens(filter: TokenFilter): Promise<TokenRecord[]>;
  owner(username: string): Promise<OwnerRecord | null>;
  roleTable(): Promise<RoleTable>;
  knownScopes(): Promise<ReadonlyMap<string, string>>;
  history(filter: HistoryFilter): Promise<StoredHistoryEntry[]>;
  /** How many entries match, whatever place and limit say. */
  countHistory(filter: HistoryFilter): Promise<number>;
  delegatedToken(key: string): Promise<TokenRecord | null>;
}

/** What a token-changing transaction can do. Such transactions run one at a time over all processes. */
export interface TokenTx extends TokenReads, Journal {
  insertToken(record: TokenRecord): Promise<void>;
  updateToken(id: string, change: Partial<TokenRecord>): Promise<void>;
  liveTokenNamed(username: string, name: string): Promise<TokenRecord | null>;
  liveChildren(parentId: string): Promise<TokenRecord[]>;
  /** Up to `limit` tokens that are past their end and not yet swept. */
  endedTokens(nowSeconds: number, limit: number): Promise<TokenRecord[]>;
  passwordHash(username: string): Promise<string | null>;
  /** Who the user is at the provider. */
  identity(username: string): Promise<Identity | null>;
  /** Whether a principal has this name in any spelling of upper and lower case. */
  nameIsTaken(username: string): Promise<boolean>;
  insertOwner(owner: OwnerRecord, createdBy: string, atSeconds: number): Promise<void>;
  appendHistory(entry: HistoryEntry): Promise<void>;
  rememberDelegation(key: string, tokenId: string): Promise<void>;
}

export interface LastUse {
  readonly id: string;
  readonly at: number;
  readonly address: string | null;
  readonly route: string | null;
}

export interface TokenStore extends TokenReads {
  /** Commits when the work gives `ok`, undoes everything when it gives `err` or throws. */
  change<T>(work: (tx: TokenTx) => Promise<Result<T>>): Promise<Result<T>>;
  recordLastUse(uses: readonly LastUse[]): Promise<void>;
}
