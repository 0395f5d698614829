import '../base/reflect-metadata.ts';
import { webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

cryptoProvider.set(webcrypto);

/** A certificate authority held in memory: enough to sign, and its PEM to be trusted. */
export interface Authority {
  readonly subject: string;
  readonly pem: string;
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** What a TLS server needs, and what its visitors see of it. */
export interface ServerCertificate {
  readonly certPem: string;
  readonly keyPem: string;
  /** SHA-256 of the certificate: 32 upper-case pairs joined by colons. */
  readonly fingerprint: string;
  readonly subject: string;
  readonly names: readonly string[];
  readonly notAfter: Date;
}

export interface LeafRequest {
  readonly subject: string;
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

const serial = (): string => Buffer.from(webcrypto.getRandomValues(new Uint8Array(15))).toString('hex');

/** The colon form in which Proxmox, browsers and openssl print a certificate's SHA-256. */
async function fingerprintOf(certificate: X509Certificate): Promise<string> {
  const digest = Buffer.from(await certificate.getThumbprint('SHA-256')).toString('hex');
  return digest.toUpperCase().replace(/(..)(?=.)/g, '$1:');
}

async function privateKeyPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${bytes.replace(/(.{64})/g, '$1\n').trimEnd()}\n-----END PRIVATE KEY-----\n`;
}

/** Makes an authority valid for ten years around `now`; with `parent` an intermediate one signed by it. */
export async function makeAuthority(subject: string, now: Date, parent?: Authority): Promise<Authority> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial(),
    subject,
    issuer: parent?.subject ?? subject,
    publicKey: keys.publicKey,
    signingKey: (parent?.keys ?? keys).privateKey,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(now.getTime() - 30 * DAY_MS),
    notAfter: new Date(now.getTime() + 3650 * DAY_MS),
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create((parent?.keys ?? keys).publicKey),
    ],
  });
  return { subject, certificate, keys, pem: `${certificate.toString('pem')}\n` };
}

/** Issues a server certificate; without an authority it vouches for itself. */
export async function issueCertificate(
  authority: Authority | undefined,
  request: LeafRequest,
): Promise<ServerCertificate> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: request.subject,
    issuer: authority?.subject ?? request.subject,
    publicKey: keys.publicKey,
    signingKey: (authority?.keys ?? keys).privateKey,
    signingAlgorithm: ALGORITHM,
    notBefore: request.notBefore,
    notAfter: request.notAfter,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([
        ...request.addresses.map((value) => ({ type: 'ip' as const, value })),
        ...request.dnsNames.map((value) => ({ type: 'dns' as const, value })),
      ]),
      await AuthorityKeyIdentifierExtension.create((authority?.keys ?? keys).publicKey),
    ],
  });
  return {
    certPem: `${certificate.toString('pem')}\n`,
    keyPem: await privateKeyPem(keys),
    fingerprint: await fingerprintOf(certificate),
    subject: request.subject,
    names: [...request.addresses, ...request.dnsNames],
    notAfter: request.notAfter,
  };
}
