import { blockedLayer, type Finding, isBlocking, LAYERS, type Layer } from '../kinds/finding.ts';
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

/** What a program that runs the test ends with: 3 network or TLS, 4 authentication, 5 rights or objects. */
export function exitCodeOf(layer: Layer | undefined): number {
  switch (layer) {
    case undefined:
      return 0;
    case 'dns':
    case 'tcp':
    case 'tls':
    case 'product':
      return 3;
    case 'format':
    case 'authentication':
      return 4;
    case 'rights':
    case 'objects':
      return 5;
  }
}

export type LayerState = 'passed' | 'warned' | 'failed' | 'not_reached';

/** How far a test came, layer by layer. */
export function layerStates(findings: readonly Finding[]): { layer: Layer; state: LayerState }[] {
  const blocked = blockedLayer(findings);
  const end = blocked === undefined ? LAYERS.length : LAYERS.indexOf(blocked);
  return LAYERS.map((layer, at) => {
    if (at > end) return { layer, state: 'not_reached' };
    if (at === end) return { layer, state: 'failed' };
    return { layer, state: findings.some((finding) => finding.layer === layer) ? 'warned' : 'passed' };
  });
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
