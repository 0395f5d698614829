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
    identity: user.identity === null ? null : { ...user.identity },
    created_at: timestamp(user.createdAt),
    created_by: user.createdBy,
    roles: user.roles.map(presentGrant),
  };
}
