import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ok } from '../../../base/result.ts';
import { Secret } from '../../../base/secret.ts';
import type { UserInfo } from '../../../base/user-info.ts';
import type { Identities } from '../../../people/identities.ts';
import type { Users } from '../../../people/users.ts';
import { Username } from '../../../wire/common.ts';
import {
  ChangeUser,
  CreateUser,
  LinkIdentity,
  RoleGrant,
  SetPassword,
  User,
  UserList,
  UserQuery,
} from '../../../wire/people.ts';
import type { Authenticate } from '../../authenticate.ts';
import { presentGrant, presentUser } from '../../present.ts';
import { route } from '../../route.ts';

export interface UserRouteNeeds {
  readonly authenticate: Authenticate;
  readonly users: Users;
  readonly identities: Identities;
}

const OneUser = z.object({ username: Username });
const OneGrant = z.object({ username: Username, role: z.string().max(64) });

export function userRoutes(app: FastifyInstance, { authenticate, users, identities }: UserRouteNeeds): void {
  const tag = 'Users';

  route(app, authenticate, {
    method: 'GET',
    path: '/api/v1/users',
    tag,
    summary: 'List users and bots, newest first',
    query: UserQuery,
    response: UserList,
    faults: ['insufficient_scope'],
    async handle({ query, caller }) {
      const { kind, prefix, role } = query;
      const found = await users.list(caller.actor, {
        ...(kind === undefined ? {} : { kind }),
        ...(prefix === undefined ? {} : { prefix }),
        ...(role === undefined ? {} : { roles: [role] }),
      });
      return found.ok ? ok({ items: found.value.map(presentUser) }) : found;
    },
  });

  route(app, authenticate, {
    method: 'POST',
    path: '/api/v1/users',
    tag,
    summary: 'Create a user',
    body: CreateUser,
    response: User,
    status: 201,
    faults: ['insufficient_scope', 'name_taken', 'unknown_role'],
    async handle({ body, caller, reply }) {
      const { username, password, roles } = body;
      const made = await users.create(caller.actor, {
        username,
        userInfo: infoOf(body),
        ...(password === undefined ? {} : { password: new Secret(password) }),
        ...(roles === undefined ? {} : { roles }),
      });
      if (!made.ok) return made;
      reply.header('location', `/api/v1/users/${encodeURIComponent(username)}`);
      return ok(presentUser(made.value));
    },
  });

  route(app, authenticate, {
    method: 'GET',
    path: '/api/v1/users/:username',
    tag,
    summary: 'Show one user',
    params: OneUser,
    response: User,
    faults: ['insufficient_scope', 'unknown_user'],
    async handle({ params, caller }) {
      const found = await users.one(caller.actor, params.username);
      return found.ok ? ok(presentUser(found.value)) : found;
    },
  });

  route(app, authenticate, {
    method: 'PATCH',
    path: '/api/v1/users/:username',
    tag,
    summary: 'Change, disable or enable a user',
    description:
      'All tokens of a disabled user are refused within a second, and work again when it is enabled.',
    params: OneUser,
    body: ChangeUser,
    response: User,
    faults: ['insufficient_scope', 'unknown_user', 'last_administrator'],
    async handle({ params, body, caller }) {
      const changed = await users.change(caller.actor, params.username, {
        ...(body.disabled === undefined ? {} : { disabled: body.disabled }),
        userInfo: infoOf(body),
      });
      return changed.ok ? ok(presentUser(changed.value)) : changed;
    },
  });

  route(app, authenticate, {
    method: 'DELETE',
    path: '/api/v1/users/:username',
    tag,
    summary: 'Delete a user with all roles and tokens',
    params: OneUser,
    faults: ['insufficient_scope', 'unknown_user', 'last_administrator'],
    handle: async ({ params, caller }) => users.remove(caller.actor, params.username),
  });

  route(app, authenticate, {
    method: 'PUT',
    path: '/api/v1/users/:username/identity',
    tag,
    summary: 'Let a user sign in as an account at the OpenID Connect provider',
    params: OneUser,
    body: LinkIdentity,
    response: User,
    faults: ['insufficient_scope', 'unknown_user', 'conflict', 'not_supported'],
    async handle({ params, body, caller }) {
      const linked = await identities.link(caller.actor, params.username, body.subject);
      if (!linked.ok) return linked;
      const user = await users.one(caller.actor, params.username);
      return user.ok ? ok(presentUser(user.value)) : user;
    },
  });

  route(app, authenticate, {
    method: 'DELETE',
    path: '/api/v1/users/:username/identity',
    tag,
    summary: 'Undo that link, and end the sessions of the user',
    params: OneUser,
    faults: ['insufficient_scope', 'unknown_user'],
    handle: async ({ params, caller }) => identities.unlink(caller.actor, params.username),
  });

  route(app, authenticate, {
    method: 'PUT',
    path: '/api/v1/users/:username/password',
    tag,
    summary: 'Set a password',
    description:
      "One's own with the old one; administrators set anybody's without. Ends the user's sessions.",
    params: OneUser,
    body: SetPassword,
    faults: ['insufficient_scope', 'bad_credentials', 'throttled', 'unknown_user', 'unavailable'],
    handle: async ({ params, body, caller }) =>
      users.setPassword(
        caller.actor,
        params.username,
        new Secret(body.password),
        body.old_password === undefined ? null : new Secret(body.old_password),
      ),
  });

  route(app, authenticate, {
    method: 'PUT',
    path: '/api/v1/users/:username/roles/:role',
    tag,
    summary: 'Give a role',
    params: OneGrant,
    response: RoleGrant,
    faults: ['insufficient_scope', 'unknown_user', 'unknown_role'],
    async handle({ params, caller }) {
      const granted = await users.grantRole(caller.actor, params.username, params.role);
      return granted.ok ? ok(presentGrant(granted.value)) : granted;
    },
  });

  route(app, authenticate, {
    method: 'DELETE',
    path: '/api/v1/users/:username/roles/:role',
    tag,
    summary: 'Take a role away',
    description: "The user's tokens shrink at once. Nothing happens when the role was not held.",
    params: OneGrant,
    faults: ['insufficient_scope', 'unknown_user', 'last_administrator'],
    async handle({ params, caller }) {
      const held = await users.withdrawRole(caller.actor, params.username, params.role);
      return held.ok ? ok(undefined) : held;
    },
  });
}

type InfoWish = { [K in keyof UserInfo]?: UserInfo[K] | undefined };

function infoOf(body: InfoWish): Partial<UserInfo> {
  const { name, email, uid, gid, groups } = body;
  return {
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...(groups === undefined ? {} : { groups }),
  };
}
