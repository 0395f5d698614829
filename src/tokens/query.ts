import { isAdministrator, mayManageTokensOf, missingScope } from '../access/policy.ts';
import type { Actor } from '../access/principal.ts';
import { ADMIN_SCOPE } from '../access/scopes.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { StoredHistoryEntry, TokenRecord } from './record.ts';
import { noSuchToken } from './revoke.ts';
import type { HistoryFilter, HistoryPlace, TokenFilter, TokenStore } from './store.ts';

/** Reading tokens and their history, each within what the asker may see. */
export interface TokenQueries {
  one(actor: Actor, id: string): Promise<Result<TokenRecord>>;
  /** The same where a token is named by its user too; revoked ones and those already swept are gone. */
  liveOneOf(actor: Actor, username: string, id: string): Promise<Result<TokenRecord>>;
  /** `username` absent: everybody's, for administrators. */
  list(actor: Actor, filter: TokenFilter): Promise<Result<TokenRecord[]>>;
  history(actor: Actor, filter: HistoryFilter): Promise<Result<StoredHistoryEntry[]>>;
  /** Part of a history, newest first, and where its neighbours begin. */
  historyPage(actor: Actor, filter: HistoryFilter, wish: HistoryWish): Promise<Result<HistoryPage>>;
}

export interface HistoryWish {
  /** `older`: the entry at this place and those older; `newer`: those nearest above it. */
  readonly from?: { readonly place: HistoryPlace; readonly towards: 'older' | 'newer' };
  /** Absent: all there are. */
  readonly limit?: number;
}

export interface HistoryPage {
  readonly entries: readonly StoredHistoryEntry[];
  /** All that match, on whatever page. */
  readonly total: number;
  /** First entry of the next, older page. */
  readonly next: HistoryPlace | null;
  /** The previous page is nearest above this place. */
  readonly previous: HistoryPlace | null;
}

export function createTokenQueries(store: TokenStore): TokenQueries {
  return {
    async one(actor, id) {
      const token = await store.token(id);
      if (token === null) return err(noSuchToken(id));
      const allowed = mayManageTokensOf(actor, token.username, 'read tokens');
      return allowed.ok ? ok(token) : allowed;
    },

    async liveOneOf(actor, username, id) {
      const token = await store.token(id);
      if (
        token === null ||
        token.username !== username ||
        token.revokedAt !== null ||
        token.sweptAt !== null
      ) {
        return err(noSuchToken(id));
      }
      const allowed = mayManageTokensOf(actor, username, 'read tokens');
      return allowed.ok ? ok(token) : allowed;
    },

    async list(actor, filter) {
      const allowed = mayRead(actor, filter.username);
      return allowed.ok ? ok(await store.tokens(filter)) : allowed;
    },

    async history(actor, filter) {
      const allowed = mayRead(actor, filter.username);
      return allowed.ok ? ok(await store.history(filter)) : allowed;
    },

    async historyPage(actor, filter, wish) {
      const allowed = mayRead(actor, filter.username);
      return allowed.ok ? ok(await readPage(store, filter, wish)) : allowed;
    },
  };
}

async function readPage(
  store: Pick<TokenStore, 'history' | 'countHistory'>,
  filter: HistoryFilter,
  { from, limit }: HistoryWish,
): Promise<HistoryPage> {
  // One more than wanted tells whether anything lies beyond.
  const upwards = from?.towards === 'newer';
  const found = await store.history({
    ...filter,
    ...(from === undefined ? {} : upwards ? { newerThan: from.place } : { upTo: from.place }),
    ...(limit === undefined ? {} : { limit: limit + 1 }),
  });
  const isMore = limit !== undefined && found.length > limit;
  const entries = !isMore ? found : upwards ? found.slice(1) : found.slice(0, limit);
  const exists = async (side: Pick<HistoryFilter, 'upTo' | 'newerThan'>): Promise<boolean> =>
    (await store.history({ ...filter, ...side, limit: 1 })).length > 0;
  const place = (entry: StoredHistoryEntry | undefined): HistoryPlace | null =>
    entry === undefined ? null : { at: entry.at, row: entry.row };

  const beyond =
    from !== undefined && (await exists(upwards ? { upTo: from.place } : { newerThan: from.place }));
  return {
    entries,
    total: await store.countHistory(filter),
    next: upwards ? (beyond ? from.place : null) : isMore ? place(found[limit]) : null,
    previous: upwards ? (isMore ? place(entries[0]) : null) : beyond ? (from?.place ?? null) : null,
  };
}

function mayRead(actor: Actor, username: string | undefined): Result<void> {
  if (username !== undefined) return mayManageTokensOf(actor, username, 'read tokens');
  return isAdministrator(actor) ? ok(undefined) : err(missingScope([ADMIN_SCOPE], "read everybody's tokens"));
}
