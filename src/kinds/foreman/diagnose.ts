import { originUrl } from '../../outbound/origin.ts';
import { redactor } from '../../outbound/redact.ts';
import type { Finding } from '../finding.ts';
import { isBlocking } from '../finding.ts';
import {
  asFlag,
  asNumber,
  asRecord,
  asRecords,
  asText,
  type Json,
  type JsonRecord,
  parseJson,
} from '../json.ts';
import type { Report, TestSubject } from '../kind.ts';
import { judgeClocks } from '../reach/clocks.ts';
import { failedCall } from '../reach/failed.ts';
import { probeReach } from '../reach/probe.ts';
import { makeReport } from '../report.ts';
import { type ForemanApi, foremanApi, path } from './api.ts';
import { find } from './find.ts';
import { statusWithin } from './login.ts';
import { FOREMAN, FOREMAN_FACE, isForeman, PING_PATH } from './product.ts';

export interface ForemanFacts {
  readonly apiVersion?: number;
  readonly userId?: number;
  readonly admin?: boolean;
  readonly organizations?: readonly string[];
  readonly locations?: readonly string[];
  readonly hosts?: number;
  readonly hypervisors?: number;
}

/**
 * Network, trust and product without credentials; then one login, and only if it is taken, who that is and what
 * it sees. A refused login is sent once, and not at all where it would risk locking this address out.
 */
export async function testForeman(subject: TestSubject): Promise<Report<ForemanFacts>> {
  return redactor([subject.credential.secret])(await run(subject));
}

async function run(subject: TestSubject): Promise<Report<ForemanFacts>> {
  const { client, clock, surroundings = {} } = subject;
  const findings: Finding[] = [...(subject.known ?? [])];
  const stopped = (): boolean => findings.some(isBlocking);
  if (stopped()) return makeReport(findings, {});
  const reached = await probeReach({
    client,
    clock,
    product: { ...FOREMAN, defaultPort: client.origin.scheme === 'http' ? 80 : 443 },
    face: FOREMAN_FACE,
    expectsTls13: false,
    surroundings,
    step: (layer) => subject.step?.(layer, findings),
  });
  findings.push(...reached.findings);
  const seen = reached.fingerprint === undefined ? {} : { fingerprint: reached.fingerprint };
  if (stopped()) return makeReport(findings, {}, seen);

  subject.step?.('product', findings);
  findings.push(...(await probePing(subject)));
  if (stopped()) return makeReport(findings, {}, seen);

  const api = foremanApi(subject);
  const status = await statusWithin(api, surroundings, () => subject.step?.('authentication', findings));
  if (!status.ok) return makeReport([...findings, status.error], {}, seen);
  const { version, api_version: apiVersion } = asRecord(status.value);
  const who = await whoAmI(api);
  const known = {
    ...seen,
    version: asText(version),
    identity: asText(who.login) || subject.credential.identity,
  };
  subject.step?.('rights', findings);
  const sights = await look(api, asFlag(who.admin) || asFlag(who.effective_admin));
  findings.push(...sights.findings);
  const names = (rows: Json | undefined): readonly string[] =>
    asRecords(rows).map((entry) => asText(entry.title) || asText(entry.name));
  const userId = asNumber(who.id);
  return makeReport(
    findings,
    {
      apiVersion: asNumber(apiVersion) ?? 2,
      ...(userId === undefined ? {} : { userId }),
      admin: asFlag(who.admin),
      organizations: names(who.organizations),
      locations: names(who.locations),
      ...sights.counts,
    },
    known,
  );
}

/** P5: the page that needs no login, by which Foreman is told from whatever else may stand there. */
async function probePing(subject: TestSubject): Promise<Finding[]> {
  const { client } = subject;
  const answer = await client.request({
    method: 'GET',
    path: PING_PATH,
    headers: { Accept: 'application/json;version=2' },
  });
  if (!answer.ok) return [failedCall(answer.error, client.origin, FOREMAN, 'P5')];
  const { status, headers, body } = answer.value;
  const evidence = `GET ${PING_PATH}: ${status}; Content-Type ${headers['content-type'] ?? 'none'}`;
  if (status >= 300 && status < 400) {
    const to = (headers.location ?? '').replace(/[?#].*$/, '');
    return [find('FOREMAN_REDIRECT', 'P5', `${evidence}; Location ${to}`, { status, to })];
  }
  if (status === 503 && parseJson(body) !== undefined)
    return [find('FOREMAN_MAINTENANCE', 'P5', evidence, {})];
  if (!isForeman(answer.value))
    return [find('FOREMAN_NOT_FOREMAN', 'P5', evidence, { url: originUrl(client.origin), status })];
  const clocks = await judgeClocks(
    { client, clock: subject.clock, product: FOREMAN, surroundings: subject.surroundings ?? {} },
    answer.value,
    'P5',
  );
  return clocks === undefined ? [] : [clocks];
}

/** The account behind the credential; releases before 1.24 are asked by login. */
async function whoAmI(api: ForemanApi): Promise<JsonRecord> {
  const current = await api.get('/api/current_user');
  if (current.ok) return asRecord(current.value);
  const named = await api.get(path`/api/users/${api.login}`);
  return named.ok ? asRecord(named.value) : {};
}

/** P8 and P10: a login that works proves no permission, and a permission shows no host. */
async function look(
  api: ForemanApi,
  admin: boolean,
): Promise<{ readonly findings: Finding[]; readonly counts: Pick<ForemanFacts, 'hosts' | 'hypervisors'> }> {
  const hosts = await api.get('/api/hosts', { per_page: 1 });
  const resources = await api.get('/api/compute_resources', { per_page: 1 });
  const findings: Finding[] = [];
  if (!hosts.ok) findings.push(denied(hosts.error.finding, api.login, 'list hosts', ['view_hosts']));
  if (!resources.ok) {
    const found = denied(resources.error.finding, api.login, 'list hypervisors', ['view_compute_resources']);
    findings.push({ ...found, severity: 'warning' });
  }
  const total = hosts.ok ? asNumber(asRecord(hosts.value).total) : undefined;
  if (total === 0 && !admin)
    findings.push(find('FOREMAN_NOTHING_VISIBLE', 'P10', 'GET /api/hosts: total 0', { login: api.login }));
  const hypervisors = resources.ok ? asNumber(asRecord(resources.value).total) : undefined;
  return {
    findings,
    counts: {
      ...(total === undefined ? {} : { hosts: total }),
      ...(hypervisors === undefined ? {} : { hypervisors }),
    },
  };
}

function denied(finding: Finding, login: string, what: string, usual: readonly string[]): Finding {
  if (finding.code !== 'FOREMAN_PERMISSION') return finding;
  return find('FOREMAN_PERMISSION', 'P8', finding.evidence, { login, what, missing: usual });
}
