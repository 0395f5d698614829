import type { z } from 'zod';
import type { UserInfo } from '../../base/user-info.ts';
import type { Quota, QuotaConfig } from '../../people/quota.ts';
import type { StoredHistoryEntry, TokenRecord } from '../../tokens/record.ts';
import type { HistoryEntry, QuotaConfigShape, QuotaShape, Token, UserInfoShape } from './shapes.ts';

/** Between the rooms' records and the shapes of this surface. */

/** A token as in lists and after a change: without its parent. */
export function presentToken(record: TokenRecord, scopes: readonly string[]): z.input<typeof Token> {
  return {
    token: record.id,
    username: record.username,
    token_type: record.type,
    created: record.createdAt,
    scopes: [...scopes],
    ...(record.name === null ? {} : { token_name: record.name }),
    ...(record.expiresAt === null ? {} : { expires: record.expiresAt }),
    ...(record.service === null ? {} : { service: record.service }),
    ...(record.lastUsedAt === null ? {} : { last_used: record.lastUsedAt }),
  };
}

/** A token shown by itself. */
export const presentOneToken = (record: TokenRecord, scopes: readonly string[]): z.input<typeof Token> => ({
  ...presentToken(record, scopes),
  ...(record.parentId === null ? {} : { parent: record.parentId }),
});

export function presentHistory(entry: StoredHistoryEntry): z.input<typeof HistoryEntry> {
  const { old } = entry;
  return {
    token: entry.tokenId,
    username: entry.username,
    token_type: entry.type,
    ...(entry.name === null ? {} : { token_name: entry.name }),
    ...(entry.parentId === null ? {} : { parent: entry.parentId }),
    scopes: [...entry.scopes].sort(),
    ...(entry.service === null ? {} : { service: entry.service }),
    expires: entry.expiresAt,
    actor: entry.actor,
    action: entry.action,
    ...(old.name == null ? {} : { old_token_name: old.name }),
    ...(old.scopes === undefined ? {} : { old_scopes: [...old.scopes].sort() }),
    // Null stands for "never" and for "not changed"; only where both ends are never is it left out.
    ...(entry.action !== 'edit' || (old.expiresAt == null && entry.expiresAt === null)
      ? {}
      : { old_expires: old.expiresAt ?? null }),
    ip_address: entry.address,
    event_time: entry.at,
  };
}

export function presentUserInfo(
  username: string,
  info: UserInfo,
  quota: Quota | null,
): z.input<typeof UserInfoShape> {
  const groups = [...(info.groups ?? [])].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return {
    username,
    ...(info.name === null ? {} : { name: info.name }),
    ...(info.email === null ? {} : { email: info.email }),
    ...(info.uid === null ? {} : { uid: info.uid }),
    ...(info.gid === null ? {} : { gid: info.gid }),
    groups: groups.map(({ name, id }) => ({ name, id })),
    ...(quota === null ? {} : { quota: presentQuota(quota) }),
  };
}

function presentQuota({ api, disk, notebook, tap }: Quota): z.input<typeof QuotaShape> {
  return { api, disk, ...(notebook === null ? {} : { notebook }), tap };
}

export function presentQuotaConfig(config: QuotaConfig): z.input<typeof QuotaConfigShape> {
  return {
    default: presentQuota(config.default),
    groups: Object.fromEntries(
      Object.entries(config.groups).map(([name, quota]) => [name, presentQuota(quota)]),
    ),
    bypass: [...config.bypass],
  };
}
