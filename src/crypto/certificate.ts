import { X509Certificate } from 'node:crypto';

export interface AuthorityFacts {
  readonly subject: string;
  /** SHA-256, 32 upper-case hex pairs with colons. */
  readonly fingerprint: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/** The certificates in a PEM text that was checked before; unreadable ones are left out. */
export function readAuthorities(pem: string): AuthorityFacts[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      const certificate = new X509Certificate(block);
      return [
        {
          subject: certificate.subject.replaceAll('\n', ', '),
          fingerprint: certificate.fingerprint256,
          expiresAt: Math.floor(Date.parse(certificate.validTo) / 1000),
        },
      ];
    } catch {
      return [];
    }
  });
}
