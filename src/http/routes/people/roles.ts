import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ok } from '../../../base/result.ts';
import type { Roles } from '../../../people/roles.ts';
import type { Users } from '../../../people/users.ts';
import {
  ChangeRole,
  CreateRole,
  CreateScope,
  Role,
  RoleHolders,
  RoleList,
  Scope,
  ScopeList,
} from '../../../wire/people.ts';
import type { Authenticate } from '../../authenticate.ts';
import { presentGrant } from '../../present.ts';
import { route } from '../../route.ts';

export interface RoleRouteNeeds {
  readonly authenticate: Authenticate;
  readonly roles: Roles;
  readonly users: Users;
}

const Named = z.object({ name: z.string().max(128) });

export function roleRoutes(app: FastifyInstance, { authenticate, roles, users }: RoleRouteNeeds): void {
  const tag = 'Roles and scopes';

  route(app, authenticate, {
    method: 'GET',
    path: '/api/v1/roles',
    tag,
    summary: 'List roles and what they hold',
    response: RoleList,
    handle: async () =>
      ok({ items: (await roles.roles()).map((role) => ({ ...role, scopes: [...role.scopes] })) }),
  });

  route(app, authenticate, {
    method: 'POST',
    path: '/api/v1/roles',
    tag,
    summary: 'Create a role',
    body: CreateRole,
    response: Role,
    status: 201,
    faults: ['insufficient_scope', 'name_taken', 'unknown_scope'],
    async handle({ body, caller }) {
      const made = await roles.createRole(caller.actor, body.name, body.description, body.scopes);
      return made.ok ? ok({ ...made.value, scopes: [...made.value.scopes] }) : made;
    },
  });

  route(app, authenticate, {
    method: 'PATCH',
    path: '/api/v1/roles/:name',
    tag,
    summary: 'Change a role',
    description: 'Every token that carries the role follows at once.',
    params: Named,
    body: ChangeRole,
    response: Role,
    faults: ['insufficient_scope', 'unknown_role', 'unknown_scope', 'immutable'],
    async handle({ params, body, caller }) {
      const changed = await roles.changeRole(caller.actor, params.name, {
        ...(body.description === undefined ? {} : { description: body.description }),
        ...(body.scopes === undefined ? {} : { scopes: body.scopes }),
      });
      return changed.ok ? ok({ ...changed.value, scopes: [...changed.value.scopes] }) : changed;
    },
  });

  route(app, authenticate, {
    method: 'DELETE',
    path: '/api/v1/roles/:name',
    tag,
    summary: 'Delete a role',
    params: Named,
    faults: ['insufficient_scope', 'unknown_role', 'immutable'],
    handle: async ({ params, caller }) => roles.removeRole(caller.actor, params.name),
  });

  route(app, authenticate, {
    method: 'GET',
    path: '/api/v1/roles/:name/users',
    tag,
    summary: 'Who holds a role, newest first',
    params: Named,
    response: RoleHolders,
    faults: ['insufficient_scope', 'unknown_role'],
    async handle({ params, caller }) {
      const holders = await users.holdersOf(caller.actor, params.name);
      return holders.ok ? ok({ items: holders.value.map(presentGrant) }) : holders;
    },
  });

  route(app, authenticate, {
    method: 'GET',
    path: '/api/v1/scopes',
    tag,
    summary: 'List scopes and what each allows',
    response: ScopeList,
    handle: async () => ok({ items: (await roles.scopes()).map((scope) => ({ ...scope })) }),
  });

  route(app, authenticate, {
    method: 'POST',
    path: '/api/v1/scopes',
    tag,
    summary: 'Register a scope',
    body: CreateScope,
    response: Scope,
    status: 201,
    faults: ['insufficient_scope', 'name_taken'],
    handle: async ({ body, caller }) => roles.registerScope(caller.actor, body.name, body.description),
  });

  route(app, authenticate, {
    method: 'DELETE',
    path: '/api/v1/scopes/:name',
    tag,
    summary: 'Remove a scope',
    params: Named,
    faults: ['insufficient_scope', 'unknown_scope', 'immutable', 'conflict'],
    handle: async ({ params, caller }) => roles.removeScope(caller.actor, params.name),
  });
}
