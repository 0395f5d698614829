import { mayManageTokensOf } from '../access/policy.ts';
import type { Actor } from '../access/principal.ts';
import type { Clock } from '../base/clock.ts';
import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { revokeTree } from './end.ts';
import type { TokenRecord } from './record.ts';
import type { TokenStore } from './store.ts';

export interface Revoke {
  /** Revokes one token with everything made from it. Returns all that was revoked, the token itself last. */
  byId(actor: Actor, id: string): Promise<Result<TokenRecord[]>>;
  /** Whoever holds a token may end it, whatever its scopes (RFC 7009, and signing out). */
  byHolder(actor: Actor, id: string): Promise<Result<TokenRecord[]>>;
}

interface Dependencies {
  readonly store: TokenStore;
  readonly clock: Clock;
}

export const noSuchToken = (id: string) =>
  fault('not_found', `There is no token '${id}'.`, {
    fix: "See 'tessera token list' for the tokens you can act on.",
  });

export function createRevoke({ store, clock }: Dependencies): Revoke {
  const revoke = (actor: Actor, id: string, allowed: (token: TokenRecord) => Result<void>) =>
    store.change<TokenRecord[]>(async (tx) => {
      const token = await tx.token(id);
      if (token === null || token.revokedAt !== null) return err(noSuchToken(id));
      const verdict = allowed(token);
      if (!verdict.ok) return verdict;
      return ok(await revokeTree(tx, token, actor, clock()));
    });

  return {
    byId: (actor, id) =>
      revoke(actor, id, (token) => mayManageTokensOf(actor, token.username, 'revoke tokens')),
    byHolder: (actor, id) => revoke(actor, id, () => ok(undefined)),
  };
}
