import { type Finding, isBlocking } from '../kinds/finding.ts';
import type { Report } from '../kinds/kind.ts';

/** The verdict of a test in one sentence. */
export function verdictSentence(
  report: Pick<Report, 'verdict' | 'findings' | 'identity' | 'version'>,
): string {
  const first = report.findings.find(isBlocking);
  if (first !== undefined) return first.sentence;
  const who = report.identity ? ` as ${report.identity}` : '';
  const version = report.version ? ` (version ${report.version})` : '';
  const works = `The connection works${who}${version}`;
  const [remark, ...more] = report.findings;
  if (remark === undefined) return `${works}.`;
  return `${works}; worth knowing: ${remark.sentence}${more.length === 0 ? '' : ` (and ${more.length} more)`}`;
}

/** Refusals at the layer of authentication that say nothing about the credential itself. */
const NOT_ITS_FAULT = new Set([
  'FOREMAN_LOCKOUT',
  'FOREMAN_TESTS_CAPPED',
  'FOREMAN_AUTH_STRIPPED',
  'FOREMAN_STALE_COOKIE',
  'FOREMAN_BEARER',
  'FOREMAN_DIRECTORY',
  'AUTH_STRIPPED',
  'TICKET_REFUSED',
  'NOT_SENT_AGAIN',
]);

/** Whether the other side refused this credential, so that sending it again would be pointless or worse. */
export const isRefusal = (finding: Finding): boolean =>
  finding.layer === 'authentication' && isBlocking(finding) && !NOT_ITS_FAULT.has(finding.code);

/** The refusal that ended a test, if one did. */
export const refusalIn = (report: Pick<Report, 'layer' | 'findings'>): Finding | undefined =>
  report.layer === 'authentication' ? report.findings.find(isRefusal) : undefined;
