import { seconds } from '../../base/clock.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import type { Finding } from '../finding.ts';
import { asRecord, asText } from '../json.ts';
import type { Credential, CredentialWish, MadeCredential, Subject } from '../kind.ts';
import { type CallFault, type ProxmoxApi, path, proxmoxApi } from './api.ts';
import { find } from './find.ts';
import { readTokenId, tokenIdOf } from './identity.ts';
import {
  grantPaths,
  isTask,
  needsOf,
  RECIPES,
  rolePrivileges,
  type TaskName,
  type TaskNeed,
} from './needs.ts';
import { explainRefusal } from './refusal.ts';
import { compareRights, gapTexts, readRightsFor, readServerRights } from './rights.ts';
import type { Who } from './rows-access.ts';
import { proxmoxCarrier } from './session.ts';

/** The account that new tokens belong to, unless another is named. */
const DEFAULT_USER = 'tessera@pve';

/** What was done, each with the step that takes it back. */
interface Journal {
  readonly done: string[];
  readonly undo: (() => Promise<Result<unknown, CallFault>>)[];
}

type Step = (journal: Journal) => Promise<Result<unknown, CallFault>>;

/**
 * Makes user, role, separated token and grants with an administrator's credential: least rights for one task
 * (manual "User Management", chapter Privileges). Everything that exists is left as it is; everything made is
 * taken back when a later step fails. All steps are writes under one lock of the server, hence in order.
 */
export async function createToken(
  admin: Subject,
  wish: CredentialWish,
): Promise<Result<MadeCredential, Finding>> {
  const task = wish.task ?? 'clone-vm';
  const fault = checkWish(admin, wish, task);
  if (fault !== undefined) return err(fault);
  const id = `${wish.user ?? DEFAULT_USER}!${wish.name}`;
  const { user, token } = tokenIdOf(id);
  const who: Who = { user, token };
  const api = proxmoxApi(admin, proxmoxCarrier(admin));
  const explain = (refused: CallFault): Finding =>
    explainRefusal(refused, { origin: admin.client.origin, who: adminOf(admin) }, 'P7');

  const version = await api.get('/version');
  if (!version.ok) return err(explain(version.error));
  const release = asText(asRecord(version.value).release);
  const server = await readServerRights(api, release);
  if (!server.ok) return err(explain(server.error));
  const { templates: _, ...objects } = wish.expect ?? {};
  const needs = needsOf(task as TaskName, objects, server.value);
  const recipe = RECIPES[task as TaskName];

  const journal: Journal = { done: [], undo: [] };
  let secret = '';
  const steps: Step[] = [
    (log) => ensureUser(api, user, log),
    (log) => ensureRole(api, recipe.role, rolePrivileges(needs), log),
    async (log) => {
      const made = await makeToken(api, who, wish, log);
      if (made.ok) secret = made.value;
      return made;
    },
    (log) => grantAll(api, recipe.role, needs, who, log),
  ];
  for (const step of steps) {
    const result = await step(journal);
    if (result.ok) continue;
    await rollBack(journal);
    const exists = /already exists/i.test(result.error.errors.tokenid ?? '');
    return err(exists ? find('TOKEN_EXISTS', 'P7', result.error.text, who) : explain(result.error));
  }
  const credential: Credential = { method: 'token', identity: id, secret: new Secret(secret) };
  const checked = await checkNewToken({ ...admin, credential }, task as TaskName, needs, who, release);
  if (checked !== undefined) {
    await rollBack(journal);
    return err(checked);
  }
  return ok({
    credential,
    expiresAt: wish.expiresAt ?? null,
    done: journal.done,
    undo: async () => {
      const failed = await rollBack(journal);
      return failed === undefined ? ok(true) : err(explain(failed));
    },
  });
}

function checkWish(admin: Subject, wish: CredentialWish, task: string): Finding | undefined {
  if (!isTask(task)) return find('TASK_UNKNOWN', 'P0', task, { task, tasks: Object.keys(RECIPES) });
  const read = readTokenId(`${wish.user ?? DEFAULT_USER}!${wish.name}`);
  if ('fault' in read) return find('TOKEN_ID_SHAPE', 'P0', wish.name, { what: read.fault });
  if (wish.expiresAt === undefined || wish.expiresAt > seconds(admin.clock)) return undefined;
  const date = new Date(wish.expiresAt * 1000).toISOString();
  return find('EXPIRY_PAST', 'P0', date, { date });
}

const adminOf = (admin: Subject): Who => {
  const { user, token } = tokenIdOf(admin.credential.identity);
  return { user, token };
};

async function ensureUser(api: ProxmoxApi, user: string, log: Journal) {
  const found = await api.get(path`/access/users/${user}`);
  if (found.ok || !/no such user/i.test(found.error.text)) return found;
  const made = await api.post('/access/users', { userid: user, comment: 'made by Tessera' });
  if (made.ok) {
    log.done.push(`user ${user}`);
    log.undo.push(() => api.delete(path`/access/users/${user}`));
  }
  return made;
}

async function ensureRole(api: ProxmoxApi, role: string, privileges: readonly string[], log: Journal) {
  const found = await api.get(path`/access/roles/${role}`);
  if (!found.ok) {
    if (!/does not exist/i.test(found.error.text)) return found;
    const made = await api.post('/access/roles', { roleid: role, privs: privileges });
    if (made.ok) {
      log.done.push(`role ${role} with ${privileges.join(' ')}`);
      log.undo.push(() => api.delete(path`/access/roles/${role}`));
    }
    return made;
  }
  const before = Object.keys(asRecord(found.value));
  const missing = privileges.filter((privilege) => !before.includes(privilege));
  if (missing.length === 0) return found;
  const changed = await api.put(path`/access/roles/${role}`, { privs: missing, append: true });
  if (changed.ok) {
    log.done.push(`role ${role} also with ${missing.join(' ')}`);
    log.undo.push(() => api.put(path`/access/roles/${role}`, { privs: before }));
  }
  return changed;
}

async function makeToken(
  api: ProxmoxApi,
  who: Who,
  wish: CredentialWish,
  log: Journal,
): Promise<Result<string, CallFault>> {
  const made = await api.post(path`/access/users/${who.user}/token/${who.token}`, {
    privsep: true,
    expire: wish.expiresAt ?? 0,
    comment: wish.description ?? 'made by Tessera',
  });
  if (!made.ok) return made;
  log.done.push(`token ${who.user}!${who.token}, separated`);
  log.undo.push(() => api.delete(path`/access/users/${who.user}/token/${who.token}`));
  return ok(asText(asRecord(made.value).value));
}

/** A separated token has what both it and its owner were granted, so each path is granted twice. */
async function grantAll(
  api: ProxmoxApi,
  role: string,
  needs: readonly TaskNeed[],
  who: Who,
  log: Journal,
): Promise<Result<unknown, CallFault>> {
  for (const at of grantPaths(needs)) {
    // An entry replaces what the owner inherits from above: where that suffices it must not be touched.
    if (!(await ownerHolds(api, who.user, at, needs))) {
      const granted = await grant(api, role, at, { users: who.user }, log);
      if (!granted.ok) return granted;
    }
    const granted = await grant(api, role, at, { tokens: `${who.user}!${who.token}` }, log);
    if (!granted.ok) return granted;
  }
  return ok(true);
}

async function grant(
  api: ProxmoxApi,
  role: string,
  at: string,
  subject: { readonly users: string } | { readonly tokens: string },
  log: Journal,
) {
  const entry = { path: at, roles: role, propagate: true, ...subject };
  const granted = await api.put('/access/acl', entry);
  if (granted.ok) {
    log.done.push(`${role} on ${at} for ${Object.values(subject)[0]}`);
    log.undo.push(() => api.put('/access/acl', { ...entry, delete: true }));
  }
  return granted;
}

async function ownerHolds(api: ProxmoxApi, user: string, at: string, needs: readonly TaskNeed[]) {
  const held = await api.get('/access/permissions', { userid: user, path: at });
  if (!held.ok) return false;
  const privileges = asRecord(asRecord(held.value)[at]);
  // Owner and token must share the very privilege that the role grants, not each one of the alternatives.
  const granted = new Set(rolePrivileges(needs));
  return needs
    .filter((need) => need.paths.some((path) => path === at || path.startsWith(`${at}/`)))
    .every((need) => need.anyOf.some((privilege) => granted.has(privilege) && privilege in privileges));
}

/** The proof: the new token itself is asked what it may do. */
async function checkNewToken(
  made: Subject,
  task: TaskName,
  needs: readonly TaskNeed[],
  who: Who,
  release: string,
): Promise<Finding | undefined> {
  const api = proxmoxApi(made, proxmoxCarrier(made));
  const context = { origin: made.client.origin, who, release };
  const held = await readRightsFor(api, needs);
  if (!held.ok) return explainRefusal(held.error, context, 'P8');
  const known = new Set(needs.flatMap((need) => need.anyOf));
  const paths = needs.flatMap((need) => need.paths);
  const target = {
    ...objectOf(paths, '/storage/', 'storage'),
    ...objectOf(paths, '/sdn/zones/localnetwork/', 'bridge'),
    ...objectOf(paths, '/pool/', 'pool'),
    ...objectOf(paths, '/nodes/', 'node'),
  };
  const major = Number.parseInt(release, 10) || 9;
  const gaps = gapTexts(compareRights(task, target, { major, known }, held.value, who));
  return gaps.length === 0 ? undefined : find('RIGHTS_NOT_REACHED', 'P8', gaps.join('; '), { gaps });
}

function objectOf(paths: readonly string[], branch: string, key: string): Record<string, string> {
  const found = paths.find((path) => path.startsWith(branch));
  return found === undefined ? {} : { [key]: found.slice(branch.length) };
}

/** Takes everything back, newest first; answers the first step that failed. */
async function rollBack(journal: Journal): Promise<CallFault | undefined> {
  let failed: CallFault | undefined;
  for (const undo of journal.undo.splice(0).reverse()) {
    const result = await undo();
    if (!result.ok) failed ??= result.error;
  }
  return failed;
}
