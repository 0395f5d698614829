import { ok, type Result } from '../../../base/result.ts';
import type { Caller } from '../identity/credentials.ts';
import { realmOf } from '../identity/names.ts';
import { died, forbidden, type Refusal } from '../refusal.ts';
import type { Cluster } from '../state.ts';
import { holds, holdsAny } from './acl.ts';

/** Who may make a call. `{name}` in a path stands for the parameter of that name. */
export type Rule =
  | { readonly who: 'world' | 'anyone' | 'root' }
  | {
      readonly who: 'holder';
      readonly path: string;
      readonly privileges: readonly string[];
      readonly any?: true;
    }
  /** The user named by the parameter, by ticket: a token is never its owner. */
  | { readonly who: 'self'; readonly parameter: string }
  /** A holder on /access/groups, or on a group of the user named by `userid`. */
  | { readonly who: 'groupHolder'; readonly privileges: readonly string[] }
  /** As above, or on every group named in `groups`: for making a user. */
  | { readonly who: 'namedGroupHolder'; readonly privileges: readonly string[] }
  /** Realm.AllocateUser on the realm of `userid`. */
  | { readonly who: 'realmHolder' }
  /** May change grants on `path`. */
  | { readonly who: 'grantor' }
  | { readonly who: 'every' | 'either'; readonly rules: readonly Rule[] };

export const WORLD: Rule = { who: 'world' };
export const ANYONE: Rule = { who: 'anyone' };
export const ROOT_ONLY: Rule = { who: 'root' };
export const holder = (path: string, ...privileges: string[]): Rule => ({ who: 'holder', path, privileges });
export const holderOfAny = (path: string, ...privileges: string[]): Rule => ({
  who: 'holder',
  path,
  privileges,
  any: true,
});
export const every = (...rules: Rule[]): Rule => ({ who: 'every', rules });
export const either = (...rules: Rule[]): Rule => ({ who: 'either', rules });

export type Lookup = (parameter: string) => string | undefined;
type Allowed = Result<true, Refusal>;

const ALLOWED: Allowed = ok(true);

/** Checks all of `privileges` at `path`; the refusal names the first that is missing. */
export function need(cluster: Cluster, caller: Caller, path: string, ...privileges: string[]): Allowed {
  const missing = privileges.find((privilege) => !holds(cluster, caller.id, path, privilege));
  return missing === undefined ? ALLOWED : forbidden(`${path}, ${missing}`);
}

/** Checks that one of `privileges` is held at `path`; the refusal joins them with a bar. */
export function needAny(
  cluster: Cluster,
  caller: Caller,
  path: string,
  privileges: readonly string[],
): Allowed {
  return holdsAny(cluster, caller.id, path, privileges)
    ? ALLOWED
    : forbidden(`${path}, ${privileges.join('|')}`);
}

/** The path with its parameters filled in; absent when one of them was not given. */
function filled(template: string, lookup: Lookup): string | undefined {
  let complete = true;
  const path = template.replace(/\{(\w+)\}/g, (_match, name: string) => {
    const value = lookup(name);
    if (value === undefined || value === '') complete = false;
    return value ?? '';
  });
  return complete ? path : undefined;
}

/** Whoever may manage what lies at a path may also share it, without Permissions.Modify. */
const SHARING: readonly [RegExp, string][] = [
  [/^\/storage\/.+/, 'Datastore.Allocate'],
  [/^\/vms\/.+/, 'VM.Allocate'],
  [/^\/pool\/.+/, 'Pool.Allocate'],
];

/** The privileges of which one lets its holder change grants on `path`. */
export const grantingPrivileges = (path: string): readonly string[] => [
  'Permissions.Modify',
  ...SHARING.filter(([shape]) => shape.test(path)).map(([, privilege]) => privilege),
];

export function mayTouchUser(
  cluster: Cluster,
  caller: Caller,
  userid: string,
  privileges: readonly string[],
): boolean {
  if (holdsAny(cluster, caller.id, '/access/groups', privileges)) return true;
  const groups = cluster.users.get(userid)?.groups ?? new Set<string>();
  return [...groups].some((group) => holdsAny(cluster, caller.id, `/access/groups/${group}`, privileges));
}

/** Judges a rule; the refusal carries a detail only where a single check failed, as Proxmox's does. */
export function judge(cluster: Cluster, caller: Caller, rule: Rule, lookup: Lookup): Allowed {
  if (rule.who === 'world' || rule.who === 'anyone' || caller.id === 'root@pam') return ALLOWED;
  switch (rule.who) {
    case 'root':
      return forbidden('user != root@pam');
    case 'self':
      return lookup(rule.parameter) === caller.id ? ALLOWED : forbidden();
    case 'groupHolder': {
      const userid = lookup('userid') ?? '';
      // inside a rule with branches this turns into a plain 403
      if (!cluster.users.has(userid)) return died(`no such user ('${userid}')`);
      return mayTouchUser(cluster, caller, userid, rule.privileges)
        ? ALLOWED
        : forbidden(`/access/groups, ${rule.privileges.join('|')}`);
    }
    case 'namedGroupHolder': {
      if (holdsAny(cluster, caller.id, '/access/groups', rule.privileges)) return ALLOWED;
      const groups = (lookup('groups') ?? '').split(/[,;\s]+/).filter(Boolean);
      const all = groups.every((group) =>
        holdsAny(cluster, caller.id, `/access/groups/${group}`, rule.privileges),
      );
      return groups.length > 0 && all ? ALLOWED : forbidden(`/access/groups, ${rule.privileges.join('|')}`);
    }
    case 'realmHolder':
      return need(cluster, caller, `/access/realm/${realmOf(lookup('userid') ?? '')}`, 'Realm.AllocateUser');
    case 'grantor': {
      const path = lookup('path') ?? '/access';
      return needAny(cluster, caller, path, grantingPrivileges(path));
    }
    case 'holder': {
      const path = filled(rule.path, lookup);
      if (path === undefined) return forbidden();
      return rule.any
        ? needAny(cluster, caller, path, rule.privileges)
        : need(cluster, caller, path, ...rule.privileges);
    }
    case 'every': {
      for (const part of rule.rules) {
        const verdict = judge(cluster, caller, part, lookup);
        if (!verdict.ok) return verdict;
      }
      return ALLOWED;
    }
    case 'either':
      return rule.rules.some((part) => judge(cluster, caller, part, lookup).ok) ? ALLOWED : forbidden();
  }
}
