import type { FastifyInstance } from 'fastify';
import { ok } from '../../base/result.ts';
import type { PrincipalRecord } from '../../people/record.ts';
import type { Users } from '../../people/users.ts';
import type { SignedInCalls } from './call.ts';
import { stampOf } from './day.ts';
import { personOf } from './person.ts';
import { assignmentOf } from './roles.ts';
import {
  AssignedRole,
  AssignedUsers,
  Done,
  NewAssignment,
  NewHolders,
  NewUser,
  RoleHolders,
  RolePath,
  User,
  UserList,
  UserPath,
  UserQuery,
  UserRolePath,
  UserRoles,
  UserWithRoles,
} from './shapes.ts';

export interface UserCallNeeds extends SignedInCalls {
  readonly users: Users;
}

/** `osmo user create|list|get|update|delete`, and who holds which role. Bots are not users here. */
export function userCalls(app: FastifyInstance, { adminCall, users }: UserCallNeeds): void {
  adminCall(app, {
    method: 'GET',
    path: '/api/auth/user',
    summary: 'List users, newest first',
    query: UserQuery,
    answer: UserList,
    async handle({ query, caller }) {
      const { start_index, count, id_prefix, roles } = query;
      const found = await users.page(
        caller.actor,
        {
          kind: 'user',
          ...(id_prefix === undefined ? {} : { prefix: id_prefix }),
          ...(roles.length === 0 ? {} : { roles }),
        },
        start_index - 1,
        count,
      );
      if (!found.ok) return found;
      const page = found.value.users.map(presentUser);
      return ok({ total_results: found.value.total, start_index, items_per_page: page.length, users: page });
    },
  });

  adminCall(app, {
    method: 'POST',
    path: '/api/auth/user',
    summary: 'Create a user',
    body: NewUser,
    answer: User,
    async handle({ body, caller }) {
      const made = await users.create(caller.actor, { username: body.id, roles: body.roles ?? [] });
      return made.ok ? ok(presentUser(made.value)) : made;
    },
  });

  adminCall(app, {
    method: 'GET',
    path: '/api/auth/user/:user',
    summary: 'Show a user and the roles held',
    params: UserPath,
    answer: UserWithRoles,
    async handle({ params, caller }) {
      const found = await personOf(users, caller.actor, params.user);
      if (!found.ok) return found;
      return ok({ ...presentUser(found.value), roles: found.value.roles.map(assignmentOf) });
    },
  });

  adminCall(app, {
    method: 'DELETE',
    path: '/api/auth/user/:user',
    summary: 'Delete a user with all roles and tokens',
    params: UserPath,
    answer: Done,
    async handle({ params, caller }) {
      const found = await personOf(users, caller.actor, params.user);
      if (!found.ok) return found;
      const removed = await users.remove(caller.actor, params.user);
      return removed.ok ? ok(null) : removed;
    },
  });

  adminCall(app, {
    method: 'GET',
    path: '/api/auth/user/:user/roles',
    summary: 'The roles a user holds',
    params: UserPath,
    answer: UserRoles,
    async handle({ params, caller }) {
      const found = await personOf(users, caller.actor, params.user);
      if (!found.ok) return found;
      return ok({ user_id: found.value.username, roles: found.value.roles.map(assignmentOf) });
    },
  });

  adminCall(app, {
    method: 'POST',
    path: '/api/auth/user/:user/roles',
    summary: 'Give a user a role',
    description: 'Giving it again is fine and keeps who gave it first, and when.',
    params: UserPath,
    body: NewAssignment,
    answer: AssignedRole,
    async handle({ params, body, caller }) {
      const granted = await users.grantRole(caller.actor, params.user, body.role_name);
      return granted.ok ? ok({ user_id: granted.value.username, ...assignmentOf(granted.value) }) : granted;
    },
  });

  adminCall(app, {
    method: 'DELETE',
    path: '/api/auth/user/:user/roles/:role',
    summary: "Take a role from a user and from all of the user's tokens",
    params: UserRolePath,
    answer: Done,
    async handle({ params, caller }) {
      const taken = await users.withdrawRole(caller.actor, params.user, params.role);
      return taken.ok ? ok(null) : taken;
    },
  });

  adminCall(app, {
    method: 'GET',
    path: '/api/auth/roles/:role/users',
    summary: 'Who holds a role, newest first',
    params: RolePath,
    answer: RoleHolders,
    async handle({ params, caller }) {
      const holders = await users.holdersOf(caller.actor, params.role);
      if (!holders.ok) return holders;
      return ok({
        role_name: params.role,
        users: holders.value.map((grant) => {
          const { assigned_by, assigned_at } = assignmentOf(grant);
          return { user_id: grant.username, assigned_by, assigned_at };
        }),
      });
    },
  });

  adminCall(app, {
    method: 'POST',
    path: '/api/auth/roles/:role/users',
    summary: 'Give several users a role',
    params: RolePath,
    body: NewHolders,
    answer: AssignedUsers,
    async handle({ params, body, caller }) {
      const holders = await users.holdersOf(caller.actor, params.role);
      if (!holders.ok) return holders;
      const before = new Set(holders.value.map((grant) => grant.username));
      const outcome = { assigned: [] as string[], already_assigned: [] as string[], failed: [] as string[] };
      for (const id of new Set(body.user_ids)) {
        const granted = await users.grantRole(caller.actor, id, params.role);
        if (granted.ok) (before.has(id) ? outcome.already_assigned : outcome.assigned).push(id);
        else if (UNFIT.has(granted.error.code)) outcome.failed.push(id);
        else return granted;
      }
      return ok({ role_name: params.role, ...outcome });
    },
  });
}

/** Refusals that are about one of the ids; any other is about the whole request. */
const UNFIT: ReadonlySet<string> = new Set(['unknown_user', 'invalid_request']);

const presentUser = (user: PrincipalRecord) => ({
  id: user.username,
  created_at: stampOf(user.createdAt * 1000),
  created_by: user.createdBy,
});
