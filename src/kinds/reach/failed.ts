import type { OutboundFailure } from '../../outbound/failure.ts';
import type { Origin } from '../../outbound/origin.ts';
import type { Finding } from '../finding.ts';
import type { Product } from './rows.ts';
import { reachFinding } from './subject.ts';

/**
 * The finding for a call that got no answer. Coarser than the probes, which look again and tell more apart:
 * it serves where work was under way, and its code is one of theirs.
 */
export function failedCall(
  failure: OutboundFailure,
  origin: Origin,
  product: Product,
  probe: string,
): Finding {
  const place = { host: origin.host, port: origin.port, product };
  const seen = failure.evidence;
  const evidence = `${failure.message}${seen.errno === undefined ? '' : ` (${seen.errno})`}`;
  switch (failure.code) {
    case 'dns_not_found':
      return reachFinding('DNS_NOT_FOUND', probe, evidence, place);
    case 'dns_temporary':
      return reachFinding('DNS_TEMPORARY', probe, evidence, place);
    case 'address_forbidden':
      return reachFinding('ADDRESS_FORBIDDEN', probe, evidence, place);
    case 'refused':
      return reachFinding('REFUSED', probe, evidence, place);
    case 'unreachable':
      return reachFinding('UNREACHABLE', probe, evidence, place);
    case 'reset':
    case 'tls_reset':
      return reachFinding('ACL_CLOSED', probe, evidence, place);
    case 'connect_timeout':
    case 'connect_failed':
    case 'tls_timeout':
      return reachFinding('TIMEOUT', probe, evidence, place);
    case 'not_tls':
      return reachFinding('NOT_HTTP', probe, evidence, { ...place, service: 'another service' });
    case 'tls_version':
      return reachFinding('TLS_VERSION', probe, evidence, { ...place, best: 'an old version of TLS' });
    case 'tls_untrusted':
      return reachFinding('TLS_PRIVATE_CA', probe, evidence, {
        ...place,
        issuer: seen.issuer ?? '',
        own: false,
      });
    case 'tls_name':
      return reachFinding('TLS_NAME', probe, evidence, { ...place, names: (seen.names ?? '').split(', ') });
    case 'tls_expired':
      return reachFinding('TLS_EXPIRED', probe, evidence, { ...place, date: seen.notAfter ?? '' });
    case 'tls_not_yet_valid':
      return reachFinding('TLS_NOT_YET', probe, evidence, { ...place, date: seen.notBefore ?? '' });
    case 'pin_mismatch':
      return reachFinding('TLS_CHANGED', probe, evidence, {
        ...place,
        old: seen.pinned ?? '',
        now: seen.fingerprint ?? '',
        since: '',
      });
    case 'trust_ended':
      return reachFinding('TRUST_ENDED', probe, evidence, { ...place, until: seen.until ?? '' });
    case 'tls_failed':
      return reachFinding('TLS_FAILED', probe, evidence, place);
    default:
      return reachFinding('NO_ANSWER', probe, evidence, { ...place, what: failure.message });
  }
}
