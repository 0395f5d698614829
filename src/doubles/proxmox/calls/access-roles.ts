import { roleFormat } from '../formats.ts';
import { splitTokenId } from '../identity/names.ts';
import { badParameters, died, forbidden } from '../refusal.ts';
import { holds, holdsAny, isAclPath } from '../rights/acl.ts';
import { knownPrivileges } from '../rights/privileges.ts';
import { ANYONE, grantingPrivileges, holder } from '../rights/rules.ts';
import { flagOf, listOf, NO_PARAMETERS, optional, required, textOf } from '../schema.ts';
import type { AclEntry, Cluster } from '../state.ts';
import { type Answer, type Call, type CallContext, reply } from './call.ts';

function createRole({ cluster, parameters }: CallContext): Answer {
  const role = textOf(parameters, 'roleid') ?? '';
  if (cluster.edition.reservedRolePrefix && /^PVE/i.test(role))
    return badParameters({
      roleid: `cannot use role ID starting with the (case-insensitive) 'PVE' namespace`,
    });
  if (cluster.roles.has(role)) return died(`create role failed: role '${role}' already exists`);
  cluster.roles.set(role, new Set(listOf(parameters, 'privs')));
  return reply(null);
}

function updateRole({ cluster, parameters }: CallContext): Answer {
  const role = textOf(parameters, 'roleid') ?? '';
  if (cluster.builtInRoles.has(role)) return died(`auto-generated role '${role}' cannot be modified`);
  const present = cluster.roles.get(role);
  if (present === undefined) return died(`role '${role}' does not exist`);
  const kept = flagOf(parameters, 'append') ? present : [];
  cluster.roles.set(role, new Set([...kept, ...listOf(parameters, 'privs')]));
  return reply(null);
}

function deleteRole({ cluster, parameters }: CallContext): Answer {
  const role = textOf(parameters, 'roleid') ?? '';
  if (cluster.builtInRoles.has(role)) return died(`auto-generated role '${role}' cannot be deleted`);
  // grants that name it stay behind and count for nothing
  return cluster.roles.delete(role) ? reply(null) : died(`role '${role}' does not exist`);
}

function listRoles({ cluster }: CallContext): Answer {
  return reply(
    [...cluster.roles].map(([roleid, privileges]) => ({
      roleid,
      privs: [...privileges].sort().join(','),
      special: cluster.builtInRoles.has(roleid) ? 1 : 0,
    })),
  );
}

function readRole({ cluster, parameters }: CallContext): Answer {
  const role = textOf(parameters, 'roleid') ?? '';
  const privileges = cluster.roles.get(role);
  if (privileges === undefined) return died(`role '${role}' does not exist`);
  return reply(Object.fromEntries([...privileges].map((name) => [name, 1])));
}

const mayGrant = (cluster: Cluster, caller: string, path: string): boolean =>
  caller === 'root@pam' || holdsAny(cluster, caller, path, grantingPrivileges(path));

function listAcl({ cluster, caller }: CallContext): Answer {
  return reply(
    cluster.acl
      .filter((entry) => mayGrant(cluster, caller.id, entry.path))
      .map(({ path, type, subject, role, propagate }) => ({
        path,
        type,
        ugid: subject,
        roleid: role,
        propagate: propagate ? 1 : 0,
      })),
  );
}

/** The subjects named, or what is wrong with one of them. */
function subjectsOf({ cluster, parameters }: CallContext): readonly [AclEntry['type'], string][] | Answer {
  const subjects: [AclEntry['type'], string][] = [];
  for (const user of listOf(parameters, 'users')) {
    if (!cluster.users.has(user)) return died(`no such user ('${user}')`);
    subjects.push(['user', user]);
  }
  for (const group of listOf(parameters, 'groups')) {
    if (!cluster.groups.has(group)) return died(`no such group '${group}'`);
    subjects.push(['group', group]);
  }
  for (const token of listOf(parameters, 'tokens')) {
    const split = splitTokenId(token);
    if (split === undefined) return badParameters({ tokens: `value '${token}' is not a valid token ID` });
    if (!cluster.users.get(split.user)?.tokens.has(split.name))
      return died(`no such token '${split.name}' for user '${split.user}'`);
    subjects.push(['token', token]);
  }
  return subjects.length > 0
    ? subjects
    : badParameters({ users: "either 'users', 'groups' or 'tokens' is required." });
}

function changeAcl(context: CallContext): Answer {
  const { cluster, caller, parameters } = context;
  const given = textOf(parameters, 'path') ?? '';
  const path = `/${given.split('/').filter(Boolean).join('/')}`;
  if (!given.startsWith('/') || !isAclPath(cluster, path))
    return badParameters({ path: `invalid ACL path '${given}'` });
  const remove = flagOf(parameters, 'delete');
  const subjects = subjectsOf(context);
  if ('ok' in subjects) return subjects;
  const restricted =
    cluster.edition.grantsOnlyOwnPrivileges &&
    caller.id !== 'root@pam' &&
    !holds(cluster, caller.id, path, 'Permissions.Modify');
  const propagate = !parameters.has('propagate') || flagOf(parameters, 'propagate');
  for (const role of listOf(parameters, 'roles')) {
    const privileges = cluster.roles.get(role);
    if (privileges === undefined) return died(`role '${role}' does not exist`);
    const beyond = restricted && [...privileges].find((name) => !holds(cluster, caller.id, path, name));
    if (beyond) return forbidden(`${path}, ${beyond}`);
  }
  for (const role of listOf(parameters, 'roles'))
    for (const [type, subject] of subjects) {
      cluster.acl = cluster.acl.filter(
        (entry) =>
          !(entry.path === path && entry.type === type && entry.subject === subject && entry.role === role),
      );
      if (!remove) cluster.acl.push({ path, type, subject, role, propagate });
    }
  return reply(null);
}

export function roleCalls(cluster: Cluster): Call[] {
  const invalid = (value: string): string | undefined => {
    const known = knownPrivileges(cluster.edition);
    const names = value.split(/[,;\s]+/).filter(Boolean);
    const obsolete = (name: string): boolean => cluster.faults.has('PRIV_OBSOLETE') && name === 'VM.Monitor';
    const bad = names.find((name) => !known.has(name) || obsolete(name));
    return bad === undefined ? undefined : `invalid privilege '${bad}'`;
  };
  const privs = optional('string', { format: invalid });
  const modify = holder('/access', 'Sys.Modify');
  return [
    { method: 'GET', path: '/access/roles', rule: ANYONE, parameters: NO_PARAMETERS, answer: listRoles },
    {
      method: 'GET',
      path: '/access/roles/{roleid}',
      rule: ANYONE,
      parameters: NO_PARAMETERS,
      answer: readRole,
    },
    {
      method: 'POST',
      path: '/access/roles',
      rule: modify,
      viaDaemon: true,
      parameters: { fields: { roleid: required('string', { format: roleFormat }), privs } },
      answer: createRole,
    },
    {
      method: 'PUT',
      path: '/access/roles/{roleid}',
      rule: modify,
      viaDaemon: true,
      parameters: { fields: { privs, append: optional('boolean') } },
      answer: updateRole,
    },
    {
      method: 'DELETE',
      path: '/access/roles/{roleid}',
      rule: modify,
      viaDaemon: true,
      parameters: NO_PARAMETERS,
      answer: deleteRole,
    },
    { method: 'GET', path: '/access/acl', rule: ANYONE, parameters: NO_PARAMETERS, answer: listAcl },
    {
      method: 'PUT',
      path: '/access/acl',
      rule: { who: 'grantor' },
      viaDaemon: true,
      parameters: {
        fields: {
          path: required('string'),
          roles: required('string'),
          users: optional('string'),
          groups: optional('string'),
          tokens: optional('string'),
          propagate: optional('boolean'),
          delete: optional('boolean'),
        },
      },
      answer: changeAcl,
    },
  ];
}
