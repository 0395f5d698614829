import tls, { type DetailedPeerCertificate, type TLSSocket } from 'node:tls';

/** One certificate of the other side's chain, as far as a person needs it. Times in seconds since the epoch. */
export interface CertificateFacts {
  /** SHA-256 of the whole certificate, 32 upper-case hex pairs with colons. */
  readonly fingerprint: string;
  readonly subject: string;
  readonly issuer: string;
  /** Organisation of the issuer, empty where it names none. */
  readonly issuerOrganisation: string;
  /** Names and addresses the certificate is for. */
  readonly names: readonly string[];
  readonly notBeforeSeconds: number;
  readonly notAfterSeconds: number;
  /** The issuer can be fetched from a public address (Authority Information Access, RFC 5280 4.2.2.1). */
  readonly issuerPublished: boolean;
  readonly selfSigned: boolean;
  readonly pem: string;
}

/** What a TLS handshake showed, with nothing sent. */
export interface PeerReport {
  readonly address: string;
  /** `TLSv1.3`, `TLSv1.2`, ... */
  readonly protocol: string;
  /** Leaf first; ends where the chain ends or repeats. */
  readonly chain: readonly CertificateFacts[];
  /** OpenSSL's word on the chain (`DEPTH_ZERO_SELF_SIGNED_CERT`, ...); absent where it holds. */
  readonly verifyError?: string;
  /** The names do not cover the host that was dialled; absent where they do. */
  readonly nameError?: string;
}

/** Reads the handshake of a connected socket. `expected` is the host name the certificate should be for. */
export function readPeer(socket: TLSSocket, expected: string): PeerReport {
  const leaf = socket.getPeerCertificate(true);
  const chain: CertificateFacts[] = [];
  const seen = new Set<string>();
  let current: DetailedPeerCertificate | undefined = leaf;
  while (current?.fingerprint256 !== undefined && !seen.has(current.fingerprint256) && chain.length < 10) {
    seen.add(current.fingerprint256);
    chain.push(certificateFacts(current));
    current = current.issuerCertificate;
  }
  const nameError =
    chain.length === 0 ? undefined : tls.checkServerIdentity(expected.replace(/\.$/, ''), leaf);
  // Node types it as an Error; at run time it is OpenSSL's code as text.
  const verifyError = socket.authorizationError as unknown;
  return {
    address: socket.remoteAddress ?? '',
    protocol: socket.getProtocol() ?? 'unknown',
    chain,
    ...(verifyError ? { verifyError: String(verifyError) } : {}),
    ...(nameError ? { nameError: 'ERR_TLS_CERT_ALTNAME_INVALID' } : {}),
  };
}

function certificateFacts(certificate: DetailedPeerCertificate): CertificateFacts {
  const subject = nameText(certificate.subject);
  const issuer = nameText(certificate.issuer);
  return {
    fingerprint: certificate.fingerprint256,
    subject,
    issuer,
    issuerOrganisation: first(certificate.issuer?.O),
    names: readNames(certificate.subjectaltname ?? ''),
    notBeforeSeconds: Math.floor(Date.parse(certificate.valid_from) / 1000),
    notAfterSeconds: Math.floor(Date.parse(certificate.valid_to) / 1000),
    issuerPublished: certificate.infoAccess?.['CA Issuers - URI'] !== undefined,
    selfSigned: subject === issuer,
    pem: toPem(certificate.raw),
  };
}

/** `CN=pve1, O=Example` in the order of the certificate. */
function nameText(name: object | undefined): string {
  return Object.entries(name ?? {})
    .map(([key, value]) => `${key}=${Array.isArray(value) ? value.join('+') : String(value)}`)
    .join(', ');
}

const first = (value: string | readonly string[] | undefined): string =>
  typeof value === 'string' ? value : (value?.[0] ?? '');

/** Node joins the names with a comma and quotes odd ones as JSON strings. */
function readNames(text: string): string[] {
  return [...text.matchAll(/(?:DNS|IP Address):("(?:[^"\\]|\\.)*"|[^,]*)/g)].map((match) =>
    (match[1] ?? '').replace(/^"|"$/g, ''),
  );
}

function toPem(raw: Buffer): string {
  const lines = raw.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
