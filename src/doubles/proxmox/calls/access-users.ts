import { userFormat } from '../formats.ts';
import { splitTokenId } from '../identity/names.ts';
import { died, forbidden } from '../refusal.ts';
import { holds, rightsAt } from '../rights/acl.ts';
import { ANYONE, either, every, mayTouchUser, type Rule } from '../rights/rules.ts';
import {
  type Field,
  flagOf,
  listOf,
  NO_PARAMETERS,
  numberOf,
  optional,
  type Parameters,
  required,
  textOf,
} from '../schema.ts';
import type { Cluster, User } from '../state.ts';
import { tokenRow } from './access-tokens.ts';
import { type Answer, type Call, type CallContext, reply } from './call.ts';

const SEES = ['User.Modify', 'Sys.Audit'];
const MODIFIES: Rule = { who: 'groupHolder', privileges: ['User.Modify'] };
const DETAILS = ['firstname', 'lastname', 'email', 'comment', 'keys'] as const;
/** Where `/access/permissions` looks when no path was asked for, beside every path with a grant. */
const DEFAULT_PATHS = ['/', '/access', '/access/groups', '/nodes', '/pool', '/sdn', '/storage', '/vms'];

const userFields: Readonly<Record<string, Field>> = {
  enable: optional('boolean'),
  expire: optional('integer', { minimum: 0 }),
  firstname: optional('string', { maxLength: 1024 }),
  lastname: optional('string', { maxLength: 1024 }),
  email: optional('string', { maxLength: 254 }),
  comment: optional('string', { maxLength: 2048 }),
  groups: optional('string'),
  keys: optional('string', { maxLength: 1024 }),
};

function presentUser(user: User): Record<string, unknown> {
  return { enable: user.enabled ? 1 : 0, expire: user.expire, ...Object.fromEntries(user.details) };
}

function applyDetails(user: User, parameters: Parameters): void {
  if (parameters.has('enable')) user.enabled = flagOf(parameters, 'enable');
  user.expire = numberOf(parameters, 'expire') ?? user.expire;
  for (const name of DETAILS) {
    const value = textOf(parameters, name);
    if (value !== undefined) user.details.set(name, value);
  }
}

function listUsers({ cluster, caller, parameters }: CallContext): Answer {
  const wanted = parameters.has('enabled') ? flagOf(parameters, 'enabled') : undefined;
  const full = flagOf(parameters, 'full');
  const rows = [...cluster.users.values()]
    .filter(
      (user) =>
        caller.id === user.id || caller.id === 'root@pam' || mayTouchUser(cluster, caller, user.id, SEES),
    )
    .filter((user) => wanted === undefined || user.enabled === wanted)
    .map((user) => ({
      userid: user.id,
      'realm-type': cluster.realms.get(user.id.slice(user.id.lastIndexOf('@') + 1))?.type ?? 'pve',
      ...presentUser(user),
      ...(full
        ? {
            groups: [...user.groups].join(','),
            tokens: [...user.tokens].map(([name, token]) => tokenRow(name, token)),
          }
        : {}),
    }));
  return reply(rows);
}

function createUser({ cluster, parameters }: CallContext): Answer {
  const id = textOf(parameters, 'userid') ?? '';
  if (cluster.users.has(id)) return died(`create user failed: user '${id}' already exists`);
  if (!cluster.realms.has(id.slice(id.lastIndexOf('@') + 1)))
    return died(`create user failed: domain '${id.slice(id.lastIndexOf('@') + 1)}' does not exist`);
  const groups = listOf(parameters, 'groups');
  const unknown = groups.find((group) => !cluster.groups.has(group));
  if (unknown !== undefined) return died(`create user failed: no such group '${unknown}'`);
  const password = textOf(parameters, 'password');
  const user: User = {
    id,
    enabled: true,
    expire: 0,
    groups: new Set(groups),
    details: new Map(),
    tokens: new Map(),
    recoveryCodes: new Set(),
    ...(password === undefined ? {} : { password }),
  };
  applyDetails(user, parameters);
  cluster.users.set(id, user);
  return reply(null);
}

const found = (context: CallContext): User | undefined =>
  context.cluster.users.get(textOf(context.parameters, 'userid') ?? '');
const unknownUser = (context: CallContext): Answer =>
  died(`no such user ('${textOf(context.parameters, 'userid')}')`);

function readUser(context: CallContext): Answer {
  const user = found(context);
  if (user === undefined) return unknownUser(context);
  const tokens = [...user.tokens].map(([name, token]) => [name, tokenRow(name, token)] as const);
  return reply({
    ...presentUser(user),
    groups: [...user.groups],
    tokens: Object.fromEntries(tokens.map(([name, { tokenid: _name, ...info }]) => [name, info])),
  });
}

function updateUser(context: CallContext): Answer {
  const user = found(context);
  if (user === undefined) return unknownUser(context);
  const { parameters } = context;
  applyDetails(user, parameters);
  if (parameters.has('groups')) {
    if (!flagOf(parameters, 'append')) user.groups.clear();
    for (const group of listOf(parameters, 'groups')) user.groups.add(group);
  }
  return reply(null);
}

function deleteUser(context: CallContext): Answer {
  const user = found(context);
  if (user === undefined) return unknownUser(context);
  const { cluster } = context;
  cluster.users.delete(user.id);
  cluster.acl = cluster.acl.filter(
    (entry) => entry.subject !== user.id && splitTokenId(entry.subject)?.user !== user.id,
  );
  return reply(null);
}

/** Oneself and one's tokens are open; a token may ask about its owner on newer releases. */
function mayAskAbout({ cluster, caller }: CallContext, subject: string): boolean {
  if (subject === caller.id || splitTokenId(subject)?.user === caller.id || caller.id === 'root@pam')
    return true;
  if (subject === caller.user && !cluster.edition.tokenReadsOwnPermissionsOnly) return true;
  return holds(cluster, caller.id, '/access', 'Sys.Audit');
}

function permissions(context: CallContext): Answer {
  const { cluster, caller, parameters } = context;
  const subject = textOf(parameters, 'userid') ?? caller.id;
  if (!mayAskAbout(context, subject)) return forbidden('/access, Sys.Audit');
  const path = textOf(parameters, 'path');
  const mapping = cluster.edition.mappingPrivileges ? ['/mapping'] : [];
  const paths =
    path === undefined
      ? new Set([...DEFAULT_PATHS, ...mapping, ...cluster.acl.map((entry) => entry.path)])
      : [path];
  const rows: [string, Record<string, number>][] = [];
  for (const at of paths) {
    const rights = [...rightsAt(cluster, subject, at)].map(([name, flag]) => [name, flag ? 1 : 0] as const);
    if (rights.length > 0 || path !== undefined) rows.push([at, Object.fromEntries(rights)]);
  }
  return reply(Object.fromEntries(rows));
}

export function userCalls(cluster: Cluster): Call[] {
  const minLength = cluster.edition.minimumPasswordLength;
  return [
    {
      method: 'GET',
      path: '/access/permissions',
      rule: ANYONE,
      parameters: { fields: { path: optional('string'), userid: optional('string') } },
      answer: permissions,
    },
    {
      method: 'GET',
      path: '/access/users',
      rule: ANYONE,
      viaDaemon: true,
      parameters: { fields: { enabled: optional('boolean'), full: optional('boolean') } },
      answer: listUsers,
    },
    {
      method: 'POST',
      path: '/access/users',
      rule: every({ who: 'realmHolder' }, { who: 'namedGroupHolder', privileges: ['User.Modify'] }),
      viaDaemon: true,
      parameters: {
        fields: {
          ...userFields,
          userid: required('string', { format: userFormat }),
          password: optional('string', { minLength, maxLength: 64 }),
        },
      },
      answer: createUser,
    },
    {
      method: 'GET',
      path: '/access/users/{userid}',
      rule: { who: 'groupHolder', privileges: SEES },
      parameters: NO_PARAMETERS,
      answer: readUser,
    },
    {
      method: 'PUT',
      path: '/access/users/{userid}',
      rule: MODIFIES,
      viaDaemon: true,
      parameters: { fields: { ...userFields, append: optional('boolean') } },
      answer: updateUser,
    },
    {
      method: 'DELETE',
      path: '/access/users/{userid}',
      rule: every({ who: 'realmHolder' }, MODIFIES),
      viaDaemon: true,
      parameters: NO_PARAMETERS,
      answer: deleteUser,
    },
    {
      method: 'POST',
      path: '/access/tfa/{userid}',
      rule: either({ who: 'self', parameter: 'userid' }, MODIFIES),
      closedToTokens: true,
      viaDaemon: true,
      parameters: { fields: { type: required('string'), password: optional('string') } },
      answer: () => died('second factors cannot be changed here'),
    },
  ];
}
