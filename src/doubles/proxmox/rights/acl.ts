import { splitTokenId } from '../identity/names.ts';
import type { AclEntry, Cluster } from '../state.ts';
import { agentReadPrivileges } from './privileges.ts';

/** Privilege to its propagate flag. A privilege that is present counts at this path, whatever the flag. */
export type Rights = ReadonlyMap<string, boolean>;

const NONE: Rights = new Map();

/** `/`, `/vms`, `/vms/100` for `/vms/100`. */
function ladder(path: string): string[] {
  const parts = path.split('/').filter(Boolean);
  return ['/', ...parts.map((_part, index) => `/${parts.slice(0, index + 1).join('/')}`)];
}

/** The entries that count, faults included that make grants vanish or stop at the root. */
function entries(cluster: Cluster): readonly AclEntry[] {
  let acl: readonly AclEntry[] = cluster.acl;
  if (cluster.faults.has('PRIVSEP_EMPTY')) acl = acl.filter((entry) => entry.type !== 'token');
  if (cluster.faults.has('PRIVSEP_USER')) acl = acl.filter((entry) => entry.type === 'token');
  if (cluster.faults.has('ACL_NO_PROPAGATE'))
    acl = acl.map((entry) => ({ ...entry, path: '/', propagate: false }));
  return acl;
}

/** Role to propagate flag at `path`: an entry further down replaces what came from above. */
function rolesOf(cluster: Cluster, subject: string, isToken: boolean, path: string): Map<string, boolean> {
  const groups = cluster.users.get(subject)?.groups ?? new Set<string>();
  let roles = new Map<string, boolean>();
  const acl = entries(cluster);
  const steps = ladder(path);
  for (const [index, step] of steps.entries()) {
    const final = index === steps.length - 1;
    const here = acl.filter((entry) => entry.path === step && (final || entry.propagate));
    const own = here.filter(
      (entry) => entry.type === (isToken ? 'token' : 'user') && entry.subject === subject,
    );
    const byGroup = isToken
      ? []
      : here.filter((entry) => entry.type === 'group' && groups.has(entry.subject));
    const winning = own.length > 0 ? own : byGroup;
    if (winning.length > 0) roles = new Map(winning.map((entry) => [entry.role, entry.propagate]));
  }
  return roles.has('NoAccess') ? new Map([['NoAccess', true]]) : roles;
}

/** A pool's roles also count for the guests and storages that are its members. */
function poolPaths(cluster: Cluster, path: string): string[] {
  const [, area, id] = /^\/(vms|storage)\/([^/]+)$/.exec(path) ?? [];
  if (area === 'vms') {
    const pool = cluster.guests.get(Number(id))?.pool;
    return pool === undefined ? [] : [`/pool/${pool}`];
  }
  if (area !== 'storage' || id === undefined) return [];
  return [...cluster.pools].filter(([, pool]) => pool.storages.has(id)).map(([name]) => `/pool/${name}`);
}

function granted(cluster: Cluster, subject: string, isToken: boolean, path: string): Rights {
  const roles = rolesOf(cluster, subject, isToken, path);
  if (roles.has('NoAccess')) return NONE;
  const rights = new Map<string, boolean>();
  const add = (role: string, propagate: boolean): void => {
    for (const privilege of cluster.roles.get(role) ?? [])
      rights.set(privilege, (rights.get(privilege) ?? false) || propagate);
  };
  for (const [role, propagate] of roles) add(role, propagate);
  for (const pool of poolPaths(cluster, path)) {
    const poolRoles = rolesOf(cluster, subject, isToken, pool);
    if (!poolRoles.has('NoAccess')) for (const [role, propagate] of poolRoles) add(role, propagate);
  }
  return rights;
}

function userRights(cluster: Cluster, user: string, path: string): Rights {
  if (user !== 'root@pam') return granted(cluster, user, false, path);
  return new Map([...(cluster.roles.get('Administrator') ?? [])].map((privilege) => [privilege, true]));
}

function plainRights(cluster: Cluster, subject: string, path: string): Rights {
  const token = splitTokenId(subject);
  const known = token && cluster.users.get(token.user)?.tokens.get(token.name);
  if (token === undefined || known === undefined) return userRights(cluster, subject, path);
  const owner = userRights(cluster, token.user, path);
  if (!known.privsep) return owner;
  const both = new Map<string, boolean>();
  for (const [privilege, propagate] of granted(cluster, subject, true, path)) {
    const ownerFlag = owner.get(privilege);
    if (ownerFlag !== undefined) both.set(privilege, propagate && ownerFlag);
  }
  return both;
}

/** Privileges that a fault takes from everybody but root. */
function withheld(cluster: Cluster): (privilege: string) => boolean {
  const gone = new Set<string>();
  if (cluster.faults.has('PRIV_MISSING')) for (const name of ['VM.Clone', 'VM.Config.CPU']) gone.add(name);
  if (cluster.faults.has('TEMPLATES_HIDDEN')) gone.add('VM.Audit');
  if (cluster.faults.has('AGENT_DENIED'))
    for (const name of agentReadPrivileges(cluster.edition)) gone.add(name);
  const onlyVm = cluster.faults.has('ROLE_VMADMIN');
  return (privilege) => gone.has(privilege) || (onlyVm && !privilege.startsWith('VM.'));
}

/**
 * What `subject` (a user or a full token id) may do at `path`: a separated token has what its own entries and
 * its owner's both give, any other token what its owner has, and root@pam everything.
 */
export function rightsAt(cluster: Cluster, subject: string, path: string): Rights {
  const rights = plainRights(cluster, subject, path);
  if (subject === 'root@pam') return rights;
  const isWithheld = withheld(cluster);
  return new Map([...rights].filter(([privilege]) => !isWithheld(privilege)));
}

export function holds(cluster: Cluster, subject: string, path: string, privilege: string): boolean {
  return rightsAt(cluster, subject, path).has(privilege);
}

export function holdsAny(
  cluster: Cluster,
  subject: string,
  path: string,
  privileges: readonly string[],
): boolean {
  const rights = rightsAt(cluster, subject, path);
  return privileges.some((privilege) => rights.has(privilege));
}

const ACL_PATHS = [
  /^\/$/,
  /^\/access(\/groups(\/[^/]+)?|\/realm(\/[^/]+)?)?$/,
  /^\/nodes(\/[^/]+)?$/,
  /^\/storage(\/[^/]+)?$/,
  /^\/vms(\/[1-9][0-9]{2,})?$/,
  /^\/sdn(\/(controllers|dns|ipams|zones)(\/[^/]+)?)?$/,
  /^\/sdn\/zones\/[^/]+\/[^/]+(\/\d+)?$/,
];

/** Paths that may carry a grant; the thing named need not exist yet. */
export function isAclPath(cluster: Cluster, path: string): boolean {
  const nestedPools = cluster.edition.major >= 8 ? /^\/pool(\/[^/]+){0,3}$/ : /^\/pool(\/[^/]+)?$/;
  const mapping = cluster.edition.mappingPrivileges ? /^\/mapping(\/[^/]+){0,2}$/ : /^$/;
  return [...ACL_PATHS, nestedPools, mapping].some((shape) => shape.test(path));
}
