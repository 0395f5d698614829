import { checkTokenName } from '../access/names.ts';
import { mayGrant, requireScope } from '../access/policy.ts';
import type { Actor } from '../access/principal.ts';
import { ADMIN_SCOPE, roleHolds, sorted, USER_ROLE } from '../access/scopes.ts';
import { auditEntry } from '../audit/entry.ts';
import { change } from '../base/change.ts';
import type { Clock } from '../base/clock.ts';
import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { actorNow } from './actor-now.ts';
import { carriedScopes, recordHistory } from './history.ts';
import { checkExpiry } from './lifetime.ts';
import { checkScopes, freeName } from './mint.ts';
import type { HistoryEntry, TokenRecord } from './record.ts';
import { noSuchToken } from './revoke.ts';
import type { TokenStore, TokenTx } from './store.ts';

/** Absent fields stay as they are; `expiresAt: null` means never. */
export interface TokenEdit {
  readonly name?: string;
  readonly description?: string;
  readonly scopes?: readonly string[];
  readonly expiresAt?: number | null;
}

export interface Edit {
  /** Changes a personal access token; administrators only. Roles are pinned for good. */
  edit(actor: Actor, id: string, wish: TokenEdit): Promise<Result<TokenRecord>>;
}

interface Dependencies {
  readonly store: TokenStore;
  readonly clock: Clock;
  readonly longestSeconds: number | null;
}

export function createEdit({ store, clock, longestSeconds }: Dependencies): Edit {
  return {
    async edit(asker, id, wish) {
      const asked = requireScope(asker, ADMIN_SCOPE, 'change tokens');
      if (!asked.ok) return asked;
      const nowMs = clock();
      const now = Math.floor(nowMs / 1000);
      return store.change<TokenRecord>(async (tx) => {
        const current = await actorNow(tx, asker, clock);
        if (!current.ok) return current;
        const actor = current.value;
        const allowed = requireScope(actor, ADMIN_SCOPE, 'change tokens');
        if (!allowed.ok) return allowed;
        const token = await tx.token(id);
        if (token === null || token.revokedAt !== null) return err(noSuchToken(id));
        if (token.type !== 'user') {
          return err(
            fault('immutable', `A ${token.type} token cannot be changed.`, {
              fix: 'Revoke it and make a new one.',
            }),
          );
        }
        if (token.expiresAt !== null && token.expiresAt <= now) {
          return err(
            fault('immutable', 'The token has expired; what is dead is not brought back.', {
              fix: 'Make a new one.',
            }),
          );
        }
        const edited: { -readonly [K in keyof TokenRecord]?: TokenRecord[K] } = {};
        const old: { -readonly [K in keyof HistoryEntry['old']]: HistoryEntry['old'][K] } = {};

        if (wish.name !== undefined) {
          const name = checkTokenName(wish.name);
          if (!name.ok) return name;
          if (wish.name !== token.name) {
            const free = await freeName(tx, token.username, wish.name, nowMs);
            if (!free.ok) return free;
          }
          edited.name = wish.name;
          old.name = token.name;
        }
        if (wish.description !== undefined) edited.description = wish.description;
        if (wish.scopes !== undefined) {
          const known = await checkScopes(tx, wish.scopes);
          if (!known.ok) return known;
          const grant = mayGrant(actor, wish.scopes);
          if (!grant.ok) return grant;
          edited.scopes = sorted(new Set(wish.scopes));
          edited.granted = await beyondOwner(tx, token, edited.scopes);
          old.scopes = await carriedScopes(tx, token);
        }
        if (wish.expiresAt !== undefined) {
          const expiry = checkExpiry(wish.expiresAt, now, longestSeconds);
          if (!expiry.ok) return expiry;
          edited.expiresAt = expiry.value;
          old.expiresAt = token.expiresAt;
          if (expiry.value !== null) await shortenChildren(tx, token.id, expiry.value, actor, nowMs);
        }

        await tx.updateToken(id, edited);
        const after: TokenRecord = { ...token, ...edited };
        await recordHistory(tx, after, 'edit', actor, now, old);
        await tx.audit(
          auditEntry(nowMs, actor, {
            action: 'token.edited',
            subject: id,
            detail: { owner: token.username, ...wish },
          }),
        );
        await tx.changed(change('token', id));
        return ok(after);
      });
    },
  };
}

/** Of these scopes, those that no role carried by the token and held by its owner gives. */
async function beyondOwner(
  tx: TokenTx,
  { username, roles }: TokenRecord,
  scopes: readonly string[],
): Promise<string[]> {
  const owner = await tx.owner(username);
  const table = await tx.roleTable();
  const all = owner === null ? [] : owner.kind === 'user' ? [USER_ROLE, ...owner.roles] : owner.roles;
  const held = roles === null ? all : all.filter((role) => roles.includes(role));
  return scopes.filter((scope) => !held.some((role) => roleHolds(table, role, scope)));
}

/** Children never outlive a parent; each that would is cut to the parent's end, with a line in its history. */
async function shortenChildren(
  tx: TokenTx,
  parentId: string,
  expiresAt: number,
  actor: Actor,
  nowMs: number,
): Promise<void> {
  for (const child of await tx.liveChildren(parentId)) {
    if (child.expiresAt === null || child.expiresAt > expiresAt) {
      const cut = { ...child, expiresAt };
      await tx.updateToken(child.id, { expiresAt });
      const at = Math.floor(nowMs / 1000);
      await recordHistory(tx, cut, 'edit', actor, at, { expiresAt: child.expiresAt });
      await tx.changed(change('token', child.id));
    }
    await shortenChildren(tx, child.id, expiresAt, actor, nowMs);
  }
}
