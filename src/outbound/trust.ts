import { existsSync, readFileSync } from 'node:fs';
import tls, { type SecureContext } from 'node:tls';
import { type Clock, seconds } from '../base/clock.ts';
import { fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { failure, type OutboundFailure } from './failure.ts';
import type { PeerReport } from './peer.ts';

/** How the other side proves who it is. Decided before anything is sent. */
export type Trust =
  /** A public or company authority known to this machine. */
  | { readonly mode: 'system'; readonly serverName?: string }
  /** Only the authorities in this PEM text. `serverName`: the name to look for, where it is not the host. */
  | { readonly mode: 'ca'; readonly pem: string; readonly serverName?: string }
  /** Exactly this certificate: SHA-256 of the leaf, 32 upper-case hex pairs with colons. */
  | { readonly mode: 'pin'; readonly sha256: string }
  /** Nobody is checked, for a stated reason and until a stated time (seconds since the epoch). */
  | { readonly mode: 'none'; readonly reason: string; readonly untilSeconds: number };

/** Accepts a fingerprint in any usual spelling: with or without colons, any case, `sha256:` or `SHA256=` in front. */
export function parseFingerprint(text: string, field = 'fingerprint'): Result<string> {
  const hex = text
    .trim()
    .replace(/^sha-?256(\s+fingerprint)?\s*[:=]\s*/i, '')
    .replace(/[:\s-]/g, '')
    .toUpperCase();
  if (!/^[0-9A-F]{64}$/.test(hex))
    return err(
      fieldFault(
        'invalid_request',
        field,
        'is not a SHA-256 fingerprint',
        'give 32 pairs of hexadecimal digits, as the certificate page of the server shows them',
      ),
    );
  return ok((hex.match(/../g) ?? []).join(':'));
}

/** Accepts PEM text that holds at least one readable certificate. */
export function checkAuthority(pem: string, field = 'ca'): Result<string> {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const refuse = (message: string): Result<string> =>
    err(
      fieldFault(
        'invalid_request',
        field,
        message,
        'give the PEM text of the authority, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----',
      ),
    );
  if (certificates.length === 0) return refuse('holds no PEM certificate');
  try {
    // An unreadable authority is skipped in silence, an unreadable certificate of one's own is not.
    for (const cert of certificates) tls.createSecureContext({ cert });
  } catch {
    return refuse('holds a certificate that cannot be read');
  }
  return ok(`${certificates.join('\n')}\n`);
}

let systemContext: SecureContext | undefined;

/**
 * TLS settings for a trust. The system's authorities are Node's own list plus the machine's bundle, so that a
 * company authority installed there counts; the context is built once, because reading 150 certificates
 * costs several milliseconds.
 */
export function trustContext(trust: Trust): SecureContext {
  if (trust.mode === 'ca') return tls.createSecureContext({ ca: trust.pem, minVersion: 'TLSv1.2' });
  systemContext ??= tls.createSecureContext({
    ca: [...tls.rootCertificates, ...machineAuthorities()],
    minVersion: 'TLSv1.2',
  });
  return systemContext;
}

const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt', // Debian, Ubuntu, Alpine, Arch
  '/etc/pki/tls/certs/ca-bundle.crt', // Fedora, RHEL
  '/etc/ssl/ca-bundle.pem', // SUSE
  '/etc/ssl/cert.pem', // BSD, macOS
];

function machineAuthorities(): string[] {
  const extra = process.env.NODE_EXTRA_CA_CERTS;
  const files = [process.env.SSL_CERT_FILE, extra, BUNDLES.find((path) => existsSync(path))];
  return files.flatMap((file) => {
    if (file === undefined || file === '' || !existsSync(file)) return [];
    return (
      readFileSync(file, 'latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
    );
  });
}

/** The failure of a trust that allows nothing any more; asked before a socket is opened. */
export function trustEnded(trust: Trust, clock: Clock): OutboundFailure | undefined {
  if (trust.mode !== 'none' || seconds(clock) < trust.untilSeconds) return undefined;
  return failure('tls', 'trust_ended', 'The time for which verification was switched off has ended', {
    until: new Date(trust.untilSeconds * 1000).toISOString(),
    reason: trust.reason,
  });
}

/**
 * Judges what the other side showed in its handshake.
 *
 * A pin asks for this one certificate and nothing else: its dates and names are the doctor's business, the key
 * behind it has been proven. Otherwise chain, dates (also by our own clock) and name must hold, in that order.
 */
export function judgePeer(trust: Trust, peer: PeerReport, clock: Clock): OutboundFailure | undefined {
  if (trust.mode === 'none') return trustEnded(trust, clock);
  const leaf = peer.chain[0];
  if (leaf === undefined) return failure('tls', 'tls_failed', 'The other side showed no certificate');
  const evidence = {
    fingerprint: leaf.fingerprint,
    subject: leaf.subject,
    issuer: leaf.issuer,
    ...(peer.verifyError === undefined ? {} : { verifyError: peer.verifyError }),
  };
  if (trust.mode === 'pin') {
    if (leaf.fingerprint === trust.sha256) return undefined;
    return failure('tls', 'pin_mismatch', 'The certificate is not the pinned one', {
      ...evidence,
      pinned: trust.sha256,
    });
  }
  const now = seconds(clock);
  if (peer.verifyError === 'CERT_HAS_EXPIRED' || now > leaf.notAfterSeconds)
    return failure('tls', 'tls_expired', 'The certificate has ended', {
      ...evidence,
      notAfter: new Date(leaf.notAfterSeconds * 1000).toISOString(),
    });
  if (peer.verifyError === 'CERT_NOT_YET_VALID' || now < leaf.notBeforeSeconds)
    return failure('tls', 'tls_not_yet_valid', 'The certificate is not valid yet', {
      ...evidence,
      notBefore: new Date(leaf.notBeforeSeconds * 1000).toISOString(),
    });
  if (peer.verifyError !== undefined)
    return failure('tls', 'tls_untrusted', 'The certificate is not trusted here', evidence);
  if (peer.nameError !== undefined)
    return failure('tls', 'tls_name', 'The certificate is for another name', {
      ...evidence,
      names: leaf.names.join(', '),
    });
  return undefined;
}
