import { isAdministrator, mayManageTokensOf, missingScope } from '../access/policy.ts';
import type { Actor } from '../access/principal.ts';
import { ADMIN_SCOPE } from '../access/scopes.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { StoredHistoryEntry, TokenRecord } from './record.ts';
import { noSuchToken } from './revoke.ts';
import type { HistoryFilter, TokenFilter, TokenStore } from './store.ts';

/** Reading tokens and their history, each within what the asker may see. */
export interface TokenQueries {
  one(actor: Actor, id: string): Promise<Result<TokenRecord>>;
  /** `username` absent: everybody's, for administrators. */
  list(actor: Actor, filter: TokenFilter): Promise<Result<TokenRecord[]>>;
  history(actor: Actor, filter: HistoryFilter): Promise<Result<StoredHistoryEntry[]>>;
}

export function createTokenQueries(store: TokenStore): TokenQueries {
  return {
    async one(actor, id) {
      const token = await store.token(id);
      if (token === null) return err(noSuchToken(id));
      const allowed = mayManageTokensOf(actor, token.username, 'read tokens');
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
  };
}

function mayRead(actor: Actor, username: string | undefined): Result<void> {
  if (username !== undefined) return mayManageTokensOf(actor, username, 'read tokens');
  return isAdministrator(actor) ? ok(undefined) : err(missingScope([ADMIN_SCOPE], "read everybody's tokens"));
}
