import { ok, type Result } from '../../base/result.ts';
import { asNumber, asRecord, type Json } from '../json.ts';
import type { RightsLine, RightsReport } from '../kind.ts';
import type { CallFault, ProxmoxApi } from './api.ts';
import {
  needsOf,
  RECIPES,
  rolePrivileges,
  type ServerRights,
  type TaskName,
  type TaskNeed,
  type TaskTarget,
} from './needs.ts';
import type { Who } from './rows-access.ts';

/** Path to privilege to whether it reaches below that path. A privilege that is listed is held there. */
export type Permissions = ReadonlyMap<string, ReadonlyMap<string, boolean>>;

/** Effective rights of the credential: at every path with a grant, or at one path (then present even if empty). */
export async function readPermissions(api: ProxmoxApi, at?: string): Promise<Result<Permissions, CallFault>> {
  const answer = await api.get('/access/permissions', at === undefined ? {} : { path: at });
  return answer.ok ? ok(parsePermissions(answer.value)) : answer;
}

function parsePermissions(data: Json): Permissions {
  return new Map(
    Object.entries(asRecord(data)).map(([path, privileges]) => [
      path,
      new Map(Object.entries(asRecord(privileges)).map(([name, flag]) => [name, asNumber(flag) === 1])),
    ]),
  );
}

/** Release and every privilege of the server, from the role that holds them all; readable by any login. */
export async function readServerRights(
  api: ProxmoxApi,
  release: string,
): Promise<Result<ServerRights, CallFault>> {
  const answer = await api.get('/access/roles/Administrator');
  if (!answer.ok) return answer;
  return ok({
    major: Number.parseInt(release, 10) || 9,
    known: new Set(Object.keys(asRecord(answer.value))),
  });
}

/** Asks the server for the rights at exactly the paths a task touches; inheritance is its business. */
export async function readRightsFor(
  api: ProxmoxApi,
  needs: readonly TaskNeed[],
): Promise<Result<Permissions, CallFault>> {
  const paths = [...new Set(needs.flatMap((need) => need.paths))];
  const answers = await Promise.all(paths.map((path) => readPermissions(api, path)));
  const merged = new Map<string, ReadonlyMap<string, boolean>>();
  for (const [index, answer] of answers.entries()) {
    if (!answer.ok) return answer;
    const path = paths[index] ?? '';
    merged.set(path, answer.value.get(path) ?? new Map());
  }
  return ok(merged);
}

/** Has against needs, line by line, with the commands that close the gap. */
export function compareRights(
  task: TaskName,
  target: TaskTarget,
  server: ServerRights,
  held: Permissions,
  who: Who,
): RightsReport {
  const needs = needsOf(task, target, server);
  const lines: RightsLine[] = needs.map((need) => {
    const at = need.paths.find((path) => heldAt(held, path, need.anyOf));
    return {
      step: need.step,
      path: at ?? need.paths.at(-1) ?? '/',
      needs: need.anyOf,
      held: at !== undefined,
    };
  });
  const gaps = lines.filter((line) => !line.held);
  const missing = rolePrivileges(
    gaps.map((gap) => ({ step: gap.step as TaskNeed['step'], anyOf: gap.needs, paths: [gap.path] })),
  );
  return { task, lines, missing, fix: fixLines(RECIPES[task].role, gaps, missing, who) };
}

/** A list of privileges against what a task needs, as if it were granted wherever the task looks. */
export function comparePrivileges(
  task: TaskName,
  target: TaskTarget,
  server: ServerRights,
  privileges: readonly string[],
  who: Who,
): RightsReport {
  const known = privileges.filter((privilege) => server.known.has(privilege));
  const granted = new Map(known.map((name) => [name, true]));
  const needs = needsOf(task, target, server);
  const everywhere: Permissions = new Map(needs.flatMap((need) => need.paths.map((path) => [path, granted])));
  const useful = new Set(needs.flatMap((need) => need.anyOf));
  return {
    ...compareRights(task, target, server, everywhere, who),
    obsolete: privileges.filter((privilege) => !server.known.has(privilege)),
    unneeded: known.filter((privilege) => !useful.has(privilege)),
  };
}

/**
 * Held at a path, or at something below it: a path is a branch only where the task names no object, and then
 * any object of the branch serves.
 */
export function heldAt(held: Permissions, path: string, anyOf: readonly string[]): boolean {
  for (const [at, privileges] of held)
    if ((at === path || at.startsWith(`${path}/`)) && anyOf.some((privilege) => privileges.has(privilege)))
      return true;
  return false;
}

/** `VM.Clone, VM.Audit on /vms/9000 (clone, see the template)`, one text for each path. */
export function gapTexts(report: RightsReport): string[] {
  const byPath = new Map<string, { privileges: Set<string>; steps: Set<string> }>();
  for (const line of report.lines.filter((each) => !each.held)) {
    const at = byPath.get(line.path) ?? { privileges: new Set(), steps: new Set() };
    at.privileges.add(line.needs.join(' or '));
    at.steps.add(line.step);
    byPath.set(line.path, at);
  }
  return [...byPath].map(
    ([path, at]) => `${[...at.privileges].join(', ')} on ${path} (to ${[...at.steps].join(', ')})`,
  );
}

function fixLines(
  role: string,
  gaps: readonly RightsLine[],
  missing: readonly string[],
  who: Who,
): readonly string[] {
  if (gaps.length === 0) return [];
  const paths = [...new Set(gaps.map((gap) => branchOf(gap.path)))].sort();
  return [
    `pveum role modify ${role} --append 1 --privs "${missing.join(' ')}"  # role add ${role}, where it does not exist yet`,
    ...paths.flatMap((path) => aclLines(path, role, who)),
  ];
}

/** A separated token has the intersection of its own rights and its owner's: both need the grant. */
export function aclLines(path: string, role: string, who: Who): string[] {
  const user = `pveum acl modify ${path} --users ${who.user} --roles ${role}`;
  return who.token === ''
    ? [user]
    : [user, `pveum acl modify ${path} --tokens '${who.user}!${who.token}' --roles ${role}`];
}

/** Guests come and go, so grants for single ones are made for all; storages and bridges keep their names. */
const branchOf = (path: string): string => (path.startsWith('/vms/') ? '/vms' : path);

/** Grants above a gap that stop at their own path: the reason, where there is one. */
export function stoppedGrants(
  report: RightsReport,
  all: Permissions,
): { readonly path: string; readonly privileges: readonly string[] } | undefined {
  for (const gap of report.lines.filter((line) => !line.held)) {
    for (const above of ancestors(gap.path)) {
      const privileges = [...(all.get(above) ?? [])].filter(([, reaches]) => !reaches).map(([name]) => name);
      if (gap.needs.some((need) => privileges.includes(need)))
        return { path: above, privileges: privileges.sort() };
    }
  }
  return undefined;
}

function ancestors(path: string): string[] {
  const parts = path.split('/').filter(Boolean);
  return parts.map((_, index) => `/${parts.slice(0, index).join('/')}`).reverse();
}
