import type { Finding } from '../finding.ts';
import { asText } from '../json.ts';
import type { RightsReport, TestSubject } from '../kind.ts';
import type { ProxmoxApi } from './api.ts';
import { find } from './find.ts';
import { isTask, needsOf, type ServerRights, type TaskName, type TaskTarget } from './needs.ts';
import { ownerApi } from './probe-login.ts';
import { explainRefusal, type RefusalContext } from './refusal.ts';
import {
  compareRights,
  gapTexts,
  heldAt,
  type Permissions,
  readPermissions,
  readRightsFor,
  readServerRights,
  stoppedGrants,
} from './rights.ts';
import type { Who } from './rows-access.ts';

export interface Rights {
  readonly findings: readonly Finding[];
  readonly permissions: Permissions;
  readonly report?: RightsReport;
}

/** P8: what the credential may do, against what the task needs; nothing is tried out. */
export async function probeRights(
  subject: TestSubject,
  api: ProxmoxApi,
  who: Who,
  release: string,
): Promise<Rights> {
  const context: RefusalContext = { origin: subject.client.origin, who, release };
  const all = await readPermissions(api);
  if (!all.ok) return { findings: [explainRefusal(all.error, context, 'P8')], permissions: new Map() };
  const permissions = all.value;
  const { task, privileges = [] } = subject.expect ?? {};
  const wantsServer = (task !== undefined && isTask(task)) || privileges.length > 0;
  const server = wantsServer ? await readServerRights(api, release) : undefined;
  if (server !== undefined && !server.ok)
    return { findings: [explainRefusal(server.error, context, 'P8')], permissions };
  const findings: Finding[] = [];
  if (server !== undefined) findings.push(...obsolete(privileges, server.value, release));
  const empty = [...permissions.values()].every((at) => at.size === 0);
  if (empty) {
    findings.push(await nothingGranted(subject, who));
    return { findings, permissions };
  }
  if (task === undefined || !isTask(task) || server === undefined) return { findings, permissions };
  const compared = await compareForTask(subject, api, task, server.value, who, permissions);
  if (!compared.ok)
    return { findings: [...findings, explainRefusal(compared.error, context, 'P8')], permissions };
  const report = compared.value;
  const gap = await gapFinding(subject, who, report, permissions);
  return { findings: gap === undefined ? findings : [...findings, gap], permissions, report };
}

/** Compares the rights of the credential behind `api` with a task's needs, path by path. */
export async function compareForTask(
  subject: TestSubject,
  api: ProxmoxApi,
  task: TaskName,
  server: ServerRights,
  who: Who,
  all: Permissions,
) {
  const target = await taskTarget(subject, api);
  const exact = await readRightsFor(api, needsOf(task, target, server));
  if (!exact.ok) return exact;
  const held: Permissions = new Map([...all, ...exact.value]);
  return { ok: true as const, value: compareRights(task, target, server, held, who) };
}

/** The objects the task is expected to touch; a new guest is judged by the next free id. */
async function taskTarget(subject: TestSubject, api: ProxmoxApi): Promise<TaskTarget> {
  const { templates = [], storage, bridge, pool, node } = subject.expect ?? {};
  const next = await api.get('/cluster/nextid');
  const newGuest = next.ok ? Number(asText(next.value)) : Number.NaN;
  const [template] = templates;
  return {
    ...(template === undefined ? {} : { template: template.id }),
    ...(Number.isInteger(newGuest) && newGuest > 0 ? { newGuest } : {}),
    ...(storage === undefined ? {} : { storage }),
    ...(bridge === undefined ? {} : { bridge }),
    ...(pool === undefined ? {} : { pool }),
    ...(node === undefined ? {} : { node }),
  };
}

/** Privileges of a guide or an old role that this release no longer has. */
function obsolete(wanted: readonly string[], server: ServerRights, release: string): Finding[] {
  const old = wanted.filter((privilege) => !server.known.has(privilege));
  if (old.length === 0) return [];
  const instead = old.includes('VM.Monitor')
    ? 'VM.GuestAgent.Audit'
    : 'privileges that pveum role list shows';
  return [find('PRIV_OBSOLETE', 'P8', `invalid privilege '${old.join("', '")}'`, { old, release, instead })];
}

async function nothingGranted(subject: TestSubject, who: Who): Promise<Finding> {
  const evidence = 'GET /access/permissions: {}';
  const owner = await ownerPermissions(subject, who);
  const ownerHasNothing = owner !== undefined && [...owner.values()].every((at) => at.size === 0);
  return ownerHasNothing
    ? find('PRIVSEP_USER', 'P15', `${evidence}, and for ${who.user} as well`, { ...who, privileges: [] })
    : find('PRIVSEP_EMPTY', 'P8', evidence, who);
}

/** Names the gap as precisely as the evidence allows: wrong reach, owner, role, agent only, or plainly missing. */
async function gapFinding(
  subject: TestSubject,
  who: Who,
  report: RightsReport,
  all: Permissions,
): Promise<Finding | undefined> {
  const gaps = gapTexts(report);
  if (gaps.length === 0) return undefined;
  const evidence = `missing ${gaps.join('; ')}`;
  const stoppedAt = stoppedGrants(report, all);
  if (stoppedAt !== undefined) return find('ACL_NO_PROPAGATE', 'P8', evidence, { ...who, ...stoppedAt });
  const owner = await ownerPermissions(subject, who);
  const owned = (privilege: string): boolean => owner !== undefined && heldAt(owner, '', [privilege]);
  const notOwned = report.missing.filter((privilege) => !owned(privilege));
  if (owner !== undefined && notOwned.length > 0)
    return find('PRIVSEP_USER', 'P15', evidence, { ...who, privileges: notOwned });
  const open = report.lines.filter((line) => !line.held);
  if (open.every((line) => line.step === 'read the guest address'))
    return find('AGENT_DENIED', 'P8', evidence, { privilege: open[0]?.needs[0] ?? '' });
  if (report.missing.join() === 'VM.Audit')
    return find('TEMPLATES_HIDDEN', 'P8', evidence, { grant: report.fix.join('\n') });
  const facts = { gaps, fix: report.fix };
  const holdsGuests = report.lines.some(
    (line) => line.held && line.needs.some((each) => each.startsWith('VM.')),
  );
  const onlyOutside = report.missing.every((privilege) => /^(Datastore|SDN)\./.test(privilege));
  return holdsGuests && onlyOutside
    ? find('ROLE_VMADMIN', 'P8', evidence, facts)
    : find('PRIV_MISSING', 'P8', evidence, facts);
}

/** Rights of the token's owner, seen by the owner: the token may not look (P15, opt-in). */
async function ownerPermissions(subject: TestSubject, who: Who): Promise<Permissions | undefined> {
  const owner = ownerApi(subject, who);
  if (owner === undefined) return undefined;
  const held = await readPermissions(owner);
  return held.ok ? held.value : undefined;
}
