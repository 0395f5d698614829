import type { Actor } from '../access/principal.ts';
import type { HistoryEntry, TokenRecord } from './record.ts';

export function historyEntry(
  token: TokenRecord,
  action: HistoryEntry['action'],
  actor: Pick<Actor, 'username' | 'address'>,
  atSeconds: number,
  old: HistoryEntry['old'] = {},
): HistoryEntry {
  return {
    tokenId: token.id,
    username: token.username,
    type: token.type,
    name: token.name,
    parentId: token.parentId,
    service: token.service,
    scopes: token.scopes ?? [],
    expiresAt: token.expiresAt,
    actor: actor.username,
    action,
    address: actor.address,
    at: atSeconds,
    old,
  };
}
