import { redactor } from '../../outbound/redact.ts';
import type { Finding } from '../finding.ts';
import type { Report, RightsReport, TestSubject } from '../kind.ts';
import { probeReach } from '../reach/probe.ts';
import { makeReport } from '../report.ts';
import { proxmoxApi } from './api.ts';
import { tokenIdOf } from './identity.ts';
import type { NodeFacts, TemplateFacts } from './inventory.ts';
import { lintGuestName } from './lint.ts';
import { probeLogin, probeProduct, readExpiry, stopped } from './probe-login.ts';
import { probeObjects } from './probe-objects.ts';
import { probeRights } from './probe-rights.ts';
import { PROXMOX, PROXMOX_FACE } from './product.ts';
import { proxmoxCarrier } from './session.ts';

export interface ProxmoxFacts {
  readonly release?: string;
  readonly realms?: readonly string[];
  readonly nodes?: readonly NodeFacts[];
  readonly templates?: readonly TemplateFacts[];
  /** Path to privilege to whether it reaches below. */
  readonly permissions?: Readonly<Record<string, Readonly<Record<string, boolean>>>>;
  readonly rights?: RightsReport;
}

/** All probes of a Proxmox VE connection, layer by layer, stopping at the first that explains the symptom. */
export async function testProxmox(subject: TestSubject): Promise<Report<ProxmoxFacts>> {
  const clean = redactor([
    subject.credential.secret,
    ...(subject.expect?.password === undefined ? [] : [subject.expect.password]),
  ]);
  return clean(await run(subject));
}

async function run(subject: TestSubject): Promise<Report<ProxmoxFacts>> {
  const { client, clock } = subject;
  const { user, token } = tokenIdOf(subject.credential.identity);
  const who = { user, token };
  const findings: Finding[] = [...(subject.known ?? [])];
  const name = subject.expect?.guestName;
  if (name !== undefined) findings.push(...lintGuestName(name));
  if (stopped(findings)) return makeReport(findings, {});

  const reached = await probeReach({
    client,
    clock,
    product: PROXMOX,
    face: PROXMOX_FACE,
    expectsTls13: true,
    surroundings: subject.surroundings ?? {},
    step: (layer) => subject.step?.(layer, findings),
  });
  findings.push(...reached.findings);
  const seen = reached.fingerprint === undefined ? {} : { fingerprint: reached.fingerprint };
  if (stopped(findings)) return makeReport(findings, {}, seen);

  subject.step?.('product', findings);
  const product = await probeProduct(subject);
  findings.push(...product.findings);
  if (stopped(findings)) return makeReport(findings, {}, seen);

  subject.step?.('authentication', findings);
  const api = proxmoxApi(subject, proxmoxCarrier(subject));
  const login = await probeLogin(subject, api, product.realms);
  findings.push(...login.findings);
  if (stopped(findings)) return makeReport(findings, { realms: product.realms }, seen);

  subject.step?.('rights', findings);
  const { version, release } = login;
  const [rights, expiresAt] = await Promise.all([
    probeRights(subject, api, who, release),
    readExpiry(api, who),
  ]);
  findings.push(...rights.findings);
  const known = {
    release,
    realms: product.realms,
    permissions: Object.fromEntries(
      [...rights.permissions].map(([at, privileges]) => [at, Object.fromEntries(privileges)]),
    ),
    ...(rights.report === undefined ? {} : { rights: rights.report }),
  };
  const identity = {
    ...seen,
    identity: subject.credential.identity,
    version,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  if (stopped(findings)) return makeReport(findings, known, identity);

  subject.step?.('objects', findings);
  // What the rights have said already is not tried out as well.
  const { guest: _, ...withoutGuest } = subject.expect ?? {};
  const agentDenied = findings.some((finding) => finding.code === 'AGENT_DENIED');
  const looking = agentDenied ? { ...subject, expect: withoutGuest } : subject;
  const objects = await probeObjects(looking, api, who, rights.permissions, release);
  findings.push(...objects.findings);
  return makeReport(findings, { ...known, nodes: objects.nodes, templates: objects.templates }, identity);
}
