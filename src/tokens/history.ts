import type { Actor } from '../access/principal.ts';
import { sorted } from '../access/scopes.ts';
import type { HistoryEntry, TokenRecord } from './record.ts';
import type { TokenTx } from './store.ts';

/**
 * Writes one line of a token's history. The scopes are those pinned to it; for a token pinned to roles only, what
 * these roles hold at this moment.
 */
export async function recordHistory(
  tx: Pick<TokenTx, 'appendHistory' | 'roleTable'>,
  token: TokenRecord,
  action: HistoryEntry['action'],
  actor: Pick<Actor, 'username' | 'address'>,
  atSeconds: number,
  old: HistoryEntry['old'] = {},
): Promise<void> {
  await tx.appendHistory({
    tokenId: token.id,
    username: token.username,
    type: token.type,
    name: token.name,
    parentId: token.parentId,
    service: token.service,
    scopes: await carriedScopes(tx, token),
    expiresAt: token.expiresAt,
    actor: actor.username,
    action,
    address: actor.address,
    at: atSeconds,
    old,
  });
}

/** What a token is pinned to, in scopes. */
export async function carriedScopes(
  tx: Pick<TokenTx, 'roleTable'>,
  { scopes, roles, granted }: Pick<TokenRecord, 'scopes' | 'roles' | 'granted'>,
): Promise<string[]> {
  if (scopes !== null) return sorted(scopes);
  const names = new Set(granted);
  if (roles !== null) {
    const table = await tx.roleTable();
    for (const role of roles) for (const scope of table.get(role) ?? []) names.add(scope);
  }
  return sorted(names);
}
