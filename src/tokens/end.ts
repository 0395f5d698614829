import { type Actor, internalActor } from '../access/principal.ts';
import { auditEntry } from '../audit/entry.ts';
import { change } from '../base/change.ts';
import { recordHistory } from './history.ts';
import type { TokenRecord } from './record.ts';
import type { TokenTx } from './store.ts';

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
      action: 'token.revoked',
      subject: root.id,
      detail: { owner: root.username, type: root.type, ...(root.name === null ? {} : { name: root.name }) },
    }),
  );
  await tx.changed(change('token', root.id));
  revoked.push(root);
  return revoked;
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
