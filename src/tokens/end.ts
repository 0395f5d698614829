import { type Actor, internalActor } from '../access/principal.ts';
import type { RoleTable } from '../access/scopes.ts';
import { auditEntry } from '../audit/entry.ts';
import { change } from '../base/change.ts';
import { ok } from '../base/result.ts';
import { recordHistory } from './history.ts';
import type { TokenRecord } from './record.ts';
import type { TokenStore, TokenTx } from './store.ts';

/**
 * Revokes a token and everything made from it, deepest first, inside the caller's transaction. Tokens already
 * revoked are passed over. Returns what was revoked, the token itself last.
 */
export async function revokeTree(
  tx: TokenTx,
  root: TokenRecord,
  actor: Actor,
  atMs: number,
): Promise<TokenRecord[]> {
  const revoked: TokenRecord[] = [];
  for (const child of await tx.liveChildren(root.id))
    revoked.push(...(await revokeTree(tx, child, actor, atMs)));
  if (root.revokedAt !== null) return revoked;
  const at = Math.floor(atMs / 1000);
  await tx.updateToken(root.id, { revokedAt: at, revokedBy: actor.username });
  await recordHistory(tx, root, 'revoke', actor, at);
  await tx.audit(
    auditEntry(atMs, actor, {
      action: root.type === 'session' ? 'session.ended' : 'token.revoked',
      subject: root.id,
      detail: { owner: root.username, type: root.type, ...(root.name === null ? {} : { name: root.name }) },
    }),
  );
  await tx.changed(change('token', root.id));
  revoked.push(root);
  return revoked;
}

/**
 * Revokes what a principal holds, all of it or the sessions only, with everything made from it. Returns how many
 * tokens that were.
 */
export async function revokeTokensOf(
  tx: TokenTx,
  username: string,
  which: 'all' | 'sessions',
  actor: Actor,
  atMs: number,
): Promise<number> {
  const steady = withSteadyRoles(tx);
  const live = await tx.tokens({
    username,
    includeSwept: false,
    ...(which === 'sessions' ? { types: ['session' as const] } : {}),
  });
  let count = 0;
  for (const { id } of live) {
    // A child may have gone with its parent a moment ago.
    const present = await tx.token(id);
    if (present !== null) count += (await revokeTree(steady, present, actor, atMs)).length;
  }
  return count;
}

/** Takes a role out of a principal's live tokens, which do not get it back with a later grant. */
export async function unpinRole(tx: TokenTx, username: string, role: string): Promise<void> {
  for (const { id, roles } of await tx.tokens({ username, includeSwept: false })) {
    if (roles === null || !roles.includes(role)) continue;
    await tx.updateToken(id, { roles: roles.filter((name) => name !== role) });
    await tx.changed(change('token', id));
  }
}

// Small, because everybody else who wants to change something waits for a batch.
const SWEEP_BATCH = 50;

/** Writes the end of expired tokens into their history, once each; their names are free from then on. */
export async function sweepEndedTokens(store: Pick<TokenStore, 'change'>, nowMs: number): Promise<void> {
  for (let found = SWEEP_BATCH; found === SWEEP_BATCH; ) {
    const swept = await store.change<number>(async (tx) => {
      const steady = withSteadyRoles(tx);
      const ended = await tx.endedTokens(Math.floor(nowMs / 1000), SWEEP_BATCH);
      for (const token of ended) await sweep(steady, token, nowMs);
      return ok(ended.length);
    });
    found = swept.ok ? swept.value : 0;
  }
}

/** For many tokens in one transaction that touches no role: the table of roles is read once. */
function withSteadyRoles(tx: TokenTx): TokenTx {
  let table: Promise<RoleTable> | undefined;
  return {
    ...tx,
    roleTable() {
      table ??= tx.roleTable();
      return table;
    },
  };
}

/** Writes the end of an expired token into its history, once; its name is free from then on. */
export async function sweep(tx: TokenTx, token: TokenRecord, atMs: number): Promise<void> {
  if (token.sweptAt !== null) return;
  const at = Math.floor(atMs / 1000);
  await tx.updateToken(token.id, { sweptAt: at });
  await recordHistory(tx, token, 'expire', internalActor, at);
  await tx.audit(
    auditEntry(atMs, internalActor, {
      action: 'token.expired',
      subject: token.id,
      detail: { owner: token.username },
    }),
  );
}
