import type { OutboundFailure } from '../../outbound/failure.ts';
import type { Inspection } from '../../outbound/look.ts';
import type { CertificateFacts } from '../../outbound/peer.ts';
import type { Finding } from '../finding.ts';
import { CLOCK_TOLERANCE, dateOffset, offsetText } from './clocks.ts';
import type { Place } from './rows.ts';
import { reachFinding as finding, type ReachSubject } from './subject.ts';

interface Judged {
  readonly findings: readonly Finding[];
  readonly fingerprint?: string;
}

/** P4, and P3 where the handshake does not come about: what the other side shows before anything is sent. */
export async function judgeCertificate(subject: ReachSubject, place: Place): Promise<Judged> {
  const seen = await subject.client.look.certificate();
  if (!seen.ok) return { findings: [await withoutHandshake(subject, place, seen.error)] };
  const leaf = seen.value.peer.chain[0];
  const findings = await certificateFindings(subject, place, seen.value);
  return { findings, ...(leaf === undefined ? {} : { fingerprint: leaf.fingerprint }) };
}

async function withoutHandshake(
  { client }: ReachSubject,
  place: Place,
  failure: OutboundFailure,
): Promise<Finding> {
  const errno = failure.evidence.errno ?? failure.code;
  const evidence = `${errno}${failure.evidence.reason ? ` (${failure.evidence.reason})` : ''}`;
  if (failure.code === 'tls_version') {
    for (const version of ['TLSv1.1', 'TLSv1'] as const) {
      const old = await client.look.certificate({ only: version });
      if (old.ok) return finding('TLS_VERSION', 'P4', evidence, { ...place, best: version });
    }
    return finding('TLS_VERSION', 'P4', evidence, { ...place, best: 'a version we do not know' });
  }
  const cut = failure.code === 'tls_reset' || failure.code === 'reset';
  if (!cut && failure.code !== 'not_tls' && failure.code !== 'tls_timeout')
    return finding('TLS_FAILED', 'P4', evidence, place);
  const banner = await client.look.banner();
  const text = banner.ok ? banner.value : '';
  const seen = `${evidence}; P3: ${text === '' ? 'nothing' : JSON.stringify(text.split('\r\n')[0])}`;
  if (text.startsWith('HTTP/')) return finding('PLAIN_HTTP', 'P3', seen, place);
  if (text !== '')
    return finding('NOT_HTTP', 'P3', seen, {
      ...place,
      service: text.startsWith('SSH-') ? 'SSH' : 'another service',
    });
  if (cut) return finding('ACL_CLOSED', 'P4', seen, place);
  return failure.code === 'tls_timeout'
    ? finding('TIMEOUT', 'P4', seen, place)
    : finding('NOT_HTTP', 'P3', seen, { ...place, service: 'another service' });
}

async function certificateFindings(
  subject: ReachSubject,
  place: Place,
  { peer, refusal }: Inspection,
): Promise<Finding[]> {
  const leaf = peer.chain[0];
  const old: Finding[] =
    subject.expectsTls13 && peer.protocol !== 'TLSv1.3'
      ? [finding('TLS_VERSION', 'P4', peer.protocol, { ...place, best: peer.protocol }, 'warning')]
      : [];
  if (leaf === undefined) return [finding('TLS_FAILED', 'P4', 'no certificate was shown', place)];
  const evidence = `${peer.verifyError ?? refusal?.code ?? 'ok'}; subject ${leaf.subject}; issuer ${leaf.issuer}; SHA-256 ${leaf.fingerprint}`;
  switch (refusal?.code) {
    case undefined:
      return [...old, ...endedUnderPin(subject, place, leaf, evidence)];
    case 'pin_mismatch':
      return [
        finding('TLS_CHANGED', 'P4', evidence, {
          ...place,
          old: refusal.evidence.pinned ?? '',
          now: leaf.fingerprint,
          since: subject.surroundings.pinnedSince ?? '',
        }),
      ];
    case 'trust_ended':
      return [finding('TRUST_ENDED', 'P4', evidence, { ...place, until: refusal.evidence.until ?? '' })];
    case 'tls_expired':
    case 'tls_not_yet_valid':
      return [await dates(subject, place, leaf, refusal.code, evidence)];
    case 'tls_name':
      return [finding('TLS_NAME', 'P4', evidence, { ...place, names: leaf.names })];
    default: {
      // An untrusted chain hides a wrong name, which would be the next surprise.
      const name =
        peer.nameError === undefined
          ? []
          : [finding('TLS_NAME', 'P4', evidence, { ...place, names: leaf.names }, 'warning')];
      return [untrusted(subject, place, peer.chain, evidence), ...name];
    }
  }
}

/** A pinned certificate proves itself past its end; browsers and other clients will refuse it all the same. */
function endedUnderPin(
  { clock }: ReachSubject,
  place: Place,
  leaf: CertificateFacts,
  evidence: string,
): Finding[] {
  if (leaf.notAfterSeconds * 1000 > clock()) return [];
  const date = new Date(leaf.notAfterSeconds * 1000).toISOString().slice(0, 10);
  return [finding('TLS_EXPIRED', 'P4', evidence, { ...place, date }, 'warning')];
}

/** The dates do not hold: the certificate's fault, unless the server's clock says that it is ours. */
async function dates(
  subject: ReachSubject,
  place: Place,
  leaf: CertificateFacts,
  code: 'tls_expired' | 'tls_not_yet_valid',
  evidence: string,
): Promise<Finding> {
  const answer = await subject.client.look.anonymous(subject.face.path);
  const offset = answer.ok ? dateOffset(answer.value, subject.clock) : undefined;
  const iso = (at: number): string => new Date(at * 1000).toISOString().slice(0, 10);
  if (offset !== undefined && Math.abs(offset) > CLOCK_TOLERANCE) {
    const third = await subject.surroundings.referenceTime?.();
    const oursHolds =
      third !== undefined && Math.abs(third * 1000 - subject.clock()) <= CLOCK_TOLERANCE * 1000;
    if (!oursHolds)
      return finding('CLOCK_HERE', 'P4', `${evidence}; Date: ${answer.ok ? answer.value.headers.date : ''}`, {
        ...place,
        offset: offsetText(-offset),
      });
  }
  return code === 'tls_expired'
    ? finding('TLS_EXPIRED', 'P4', evidence, { ...place, date: iso(leaf.notAfterSeconds) })
    : finding('TLS_NOT_YET', 'P4', evidence, { ...place, date: iso(leaf.notBeforeSeconds) });
}

function untrusted(
  { surroundings }: ReachSubject,
  place: Place,
  chain: readonly CertificateFacts[],
  evidence: string,
): Finding {
  const [leaf] = chain;
  const issuer = leaf?.issuer ?? '';
  if (leaf?.selfSigned)
    return finding('TLS_SELF_SIGNED', 'P4', evidence, { ...place, fingerprint: leaf.fingerprint });
  if (/PVE Cluster Manager CA|Proxmox Virtual Environment/i.test(issuer))
    return finding('TLS_PRIVATE_CA', 'P4', evidence, { ...place, issuer, own: true });
  if (surroundings.issuersElsewhere?.includes(issuer) || GATEWAY.test(issuer))
    return finding('TLS_INTERCEPT', 'P4', evidence, { ...place, issuer });
  if (chain.length === 1 && leaf !== undefined && isPublic(leaf))
    return finding('TLS_CHAIN_GAP', 'P4', evidence, { ...place, issuer });
  return finding('TLS_PRIVATE_CA', 'P4', evidence, { ...place, issuer, own: false });
}

/** Names by which products that open TLS connections sign. */
const GATEWAY =
  /zscaler|fortinet|fortigate|palo ?alto|netskope|blue ?coat|symantec web|sophos|umbrella|check ?point|barracuda|watchguard|forcepoint|websense|mcafee web|skyhigh|mitmproxy|squid|charles proxy|kaspersky|avast|bitdefender|eset ssl|(security|web|ssl|tls)[ -]?(gateway|inspection|interception|proxy|filter)|firewall/i;

/** Organisations that issue to everybody. The sign that never ages is the published address of the issuer. */
const PUBLIC = new Set([
  "let's encrypt",
  'internet security research group',
  'google trust services',
  'google trust services llc',
  'zerossl',
  'amazon',
  'microsoft corporation',
  'digicert inc',
  'sectigo limited',
  'the usertrust network',
  'globalsign nv-sa',
  'entrust, inc.',
  'godaddy.com, inc.',
  'ssl corporation',
  'actalis s.p.a.',
]);

const isPublic = (leaf: CertificateFacts): boolean =>
  leaf.issuerPublished || PUBLIC.has(leaf.issuerOrganisation.toLowerCase());
