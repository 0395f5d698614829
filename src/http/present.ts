import { fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { RoleGrant } from '../people/record.ts';
import type { UserWithRoles } from '../people/users.ts';
import { type TokenRecord, tokenState } from '../tokens/record.ts';
import type { User, RoleGrant as WireGrant } from '../wire/people.ts';
import type { Token } from '../wire/tokens.ts';

/** Between the rooms' records and the shapes on the wire. */

export const timestamp = (epochSeconds: number): string =>
  `${new Date(epochSeconds * 1000).toISOString().slice(0, 19)}Z`;
export const timestampOrNull = (epochSeconds: number | null): string | null =>
  epochSeconds === null ? null : timestamp(epochSeconds);

export function presentToken(record: TokenRecord, nowSeconds: number): Token {
  return {
    id: record.id,
    username: record.username,
    type: record.type,
    state: tokenState(record, nowSeconds),
    name: record.name,
    description: record.description,
    roles: record.roles === null ? null : [...record.roles],
    scopes: record.scopes === null ? null : [...record.scopes],
    service: record.service,
    parent: record.parentId,
    created_at: timestamp(record.createdAt),
    created_by: record.createdBy,
    expires_at: timestampOrNull(record.expiresAt),
    revoked_at: timestampOrNull(record.revokedAt),
    revoked_by: record.revokedBy,
    last_used_at: timestampOrNull(record.lastUsedAt),
    last_used_address: record.lastUsedAddress,
    last_used_on: record.lastUsedRoute,
  };
}

export const presentGrant = (grant: RoleGrant): WireGrant => ({
  username: grant.username,
  role: grant.role,
  granted_by: grant.grantedBy,
  granted_at: new Date(grant.grantedAt).toISOString(),
});

export function presentUser(user: UserWithRoles): User {
  const { userInfo } = user;
  return {
    username: user.username,
    kind: user.kind,
    name: userInfo.name,
    email: userInfo.email,
    uid: userInfo.uid,
    gid: userInfo.gid,
    groups: userInfo.groups === null ? null : userInfo.groups.map((group) => ({ ...group })),
    disabled: user.disabled,
    has_password: user.hasPassword,
    created_at: timestamp(user.createdAt),
    created_by: user.createdBy,
    roles: user.roles.map(presentGrant),
  };
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * The end of life a request asks for, in epoch seconds: `expires_at` or `expires_in`, not both. `undefined` when
 * neither was sent, null for never.
 */
export function readExpiry(
  wish: { expires_at?: string | null | undefined; expires_in?: string | undefined },
  nowSeconds: number,
): Result<number | null | undefined> {
  if (wish.expires_at !== undefined && wish.expires_in !== undefined) {
    return err(fieldFault('invalid_request', 'expires_in', 'send either expires_at or expires_in, not both'));
  }
  if (wish.expires_in !== undefined) {
    return ok(nowSeconds + Number(wish.expires_in.slice(0, -1)) * (UNITS[wish.expires_in.slice(-1)] ?? 1));
  }
  if (wish.expires_at == null) return ok(wish.expires_at);
  const text = wish.expires_at.length === 10 ? `${wish.expires_at}T00:00:00Z` : wish.expires_at;
  const moment = Date.parse(text);
  if (
    Number.isNaN(moment) ||
    (wish.expires_at.length === 10 && !new Date(moment).toISOString().startsWith(wish.expires_at))
  ) {
    return err(
      fieldFault('invalid_expiry', 'expires_at', `'${wish.expires_at}' is not a date of the calendar`),
    );
  }
  return ok(Math.floor(moment / 1000));
}
