import { type Answer, done, noRoute, notFound } from '../answer.ts';
import { type Foreman, type Place, type User, viewTime } from '../state.ts';
import type { Call, CallContext } from './call.ts';
import { listAnswer } from './listing.ts';

const FIELDS = {
  known: ['login', 'firstname', 'lastname', 'mail', 'admin', 'role', 'role_id', 'id'],
  byDefault: ['login', 'firstname', 'lastname', 'mail'],
};

function searchable(foreman: Foreman, user: User): (field: string) => string | undefined {
  const roles = user.roleIds.map((id) => foreman.roles.get(id)?.name ?? '');
  const values: Readonly<Record<string, string>> = {
    id: String(user.id),
    login: user.login,
    firstname: user.firstname,
    lastname: user.lastname,
    mail: user.mail,
    admin: String(user.admin),
    role: roles[0] ?? '',
    role_id: String(user.roleIds[0] ?? ''),
  };
  return (field) => values[field];
}

const places = (all: ReadonlyMap<number, Place>, ids: readonly number[]): object[] =>
  ids.map((id) => ({ id, name: all.get(id)?.name ?? '' }));

function row(foreman: Foreman, user: User): Record<string, unknown> {
  return {
    id: user.id,
    login: user.login,
    description: null,
    firstname: user.firstname,
    lastname: user.lastname,
    mail: user.mail,
    admin: user.admin,
    effective_admin: user.admin,
    auth_source_id: 1,
    auth_source_name: 'Internal',
    timezone: null,
    locale: null,
    last_login_on: null,
    created_at: viewTime(user.createdAtMs),
    updated_at: viewTime(user.createdAtMs),
    ssh_keys: [],
    default_location: null,
    locations: places(foreman.locations, user.locationIds),
    default_organization: null,
    organizations: places(foreman.organizations, user.organizationIds),
  };
}

function single(foreman: Foreman, user: User): Record<string, unknown> {
  return {
    ...row(foreman, user),
    cached_usergroups: [],
    auth_source: { id: 1, name: 'Internal', type: 'AuthSourceInternal' },
    mail_notifications: [],
    roles: user.roleIds.map((id) => ({ id, name: foreman.roles.get(id)?.name ?? '' })),
    usergroups: [],
  };
}

/** By id or login; dots are part of a login. */
function find({ foreman, inPath }: CallContext): User | undefined {
  const key = inPath.id ?? '';
  const byId = /^\d+$/.test(key) ? foreman.users.get(Number(key)) : undefined;
  const user = byId ?? [...foreman.users.values()].find((one) => one.login === key);
  return user?.hidden ? undefined : user;
}

function show(context: CallContext): Answer {
  const user = find(context);
  return user === undefined ? notFound('user', context.inPath.id ?? '') : done(single(context.foreman, user));
}

function list(context: CallContext): Answer {
  const { foreman } = context;
  return listAnswer(context, {
    rows: [...foreman.users.values()].filter((user) => !user.hidden),
    fields: FIELDS,
    valueOf: (user) => searchable(foreman, user),
    present: (user) => row(foreman, user),
    createPermission: 'create_users',
  });
}

export function userCalls(): Call[] {
  const resource = 'users';
  return [
    { method: 'GET', path: '/users', resource, action: 'index', needs: () => ['view_users'], answer: list },
    {
      method: 'GET',
      path: '/users/:id',
      resource,
      action: 'show',
      needs: (context) => (find(context) === context.user ? undefined : ['view_users']),
      answer: show,
    },
    {
      method: 'GET',
      path: '/current_user',
      resource,
      action: 'show_current',
      // came with 1.24
      answer: ({ foreman, user }) =>
        foreman.faults.has('OLD_RELEASE') ? noRoute() : done(single(foreman, user)),
    },
  ];
}
