import type { z } from 'zod';
import type {
  ChangeRole,
  ChangeUser,
  CreateRole,
  CreateScope,
  CreateUser,
  LinkIdentity,
  Role,
  RoleGrant,
  RoleHolders,
  RoleList,
  Scope,
  ScopeList,
  SetPassword,
  User,
  UserList,
  UserQuery,
} from '../../wire/people.ts';
import { segment } from '../pages.ts';
import type { Transport } from '../transport.ts';

export function userCalls(transport: Transport) {
  const at = (username: string) => `/api/v1/users/${segment(username)}`;
  return {
    create: (request: CreateUser) => transport.call<User>('POST', '/api/v1/users', { json: request }),
    list: (query: UserQuery = {}) =>
      transport.call<z.infer<typeof UserList>>('GET', '/api/v1/users', { query }),
    get: (username: string) => transport.call<User>('GET', at(username)),
    update: (username: string, change: ChangeUser) =>
      transport.call<User>('PATCH', at(username), { json: change }),
    /** Kills the user's tokens with the user. */
    delete: (username: string) => transport.call<void>('DELETE', at(username)),
    setPassword: (username: string, request: SetPassword) =>
      transport.call<void>('PUT', `${at(username)}/password`, { json: request }),
    /** Lets the user sign in as this account at the provider. */
    link: (username: string, request: LinkIdentity) =>
      transport.call<User>('PUT', `${at(username)}/identity`, { json: request }),
    /** Ends the user's sessions. */
    unlink: (username: string) => transport.call<void>('DELETE', `${at(username)}/identity`),
    grantRole: (username: string, role: string) =>
      transport.call<RoleGrant>('PUT', `${at(username)}/roles/${segment(role)}`),
    /** Takes the role from all of the user's tokens at once. */
    revokeRole: (username: string, role: string) =>
      transport.call<void>('DELETE', `${at(username)}/roles/${segment(role)}`),
  };
}

export function roleCalls(transport: Transport) {
  const at = (name: string) => `/api/v1/roles/${segment(name)}`;
  return {
    create: (request: CreateRole) => transport.call<Role>('POST', '/api/v1/roles', { json: request }),
    list: () => transport.call<z.infer<typeof RoleList>>('GET', '/api/v1/roles'),
    update: (name: string, change: ChangeRole) => transport.call<Role>('PATCH', at(name), { json: change }),
    delete: (name: string) => transport.call<void>('DELETE', at(name)),
    /** Who holds it, by whose grant and since when. */
    users: (name: string) => transport.call<z.infer<typeof RoleHolders>>('GET', `${at(name)}/users`),
  };
}

export function scopeCalls(transport: Transport) {
  return {
    create: (request: CreateScope) => transport.call<Scope>('POST', '/api/v1/scopes', { json: request }),
    list: () => transport.call<z.infer<typeof ScopeList>>('GET', '/api/v1/scopes'),
    delete: (name: string) => transport.call<void>('DELETE', `/api/v1/scopes/${segment(name)}`),
  };
}
