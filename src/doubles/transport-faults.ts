import type { SecureContextOptions } from 'node:tls';
import type { Clock } from '../base/clock.ts';
import { type Authority, issueCertificate, makeAuthority, type ServerCertificate } from './certificates.ts';
import type { Gate } from './doorway.ts';

/** Faults that lie below HTTP; the same for every product that is stood in for. */
export const TRANSPORT_FAULTS = {
  REFUSED: 'nothing listens on the announced port',
  ACL_CLOSED: 'connections are reset before a TLS byte',
  NOT_HTTP: 'the port is an SSH server',
  PLAIN_HTTP: 'the port is a plain web server of somebody else',
  TLS_SELF_SIGNED: 'the certificate vouches for itself',
  TLS_PRIVATE_CA: 'signed by an authority nobody trusts yet: the state of every fresh installation',
  TLS_CHAIN_GAP: 'issued by a public intermediate that the server does not send',
  TLS_NAME: 'the certificate is for other names',
  TLS_EXPIRED: 'the certificate has ended',
  TLS_NOT_YET: 'the certificate has not begun',
  TLS_CHANGED: 'another certificate than the announced one',
  TLS_VERSION: 'nothing newer than TLS 1.1 is spoken',
  TLS_INTERCEPT: 'a security gateway opens the connection',
  CLOCK_HERE: 'certificate and Date header are a day ahead of the visitor',
} as const;

export type TransportFault = keyof typeof TRANSPORT_FAULTS;

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

export interface ServerNames {
  readonly authoritySubject: string;
  readonly leafSubject: string;
  readonly dnsNames: readonly string[];
}

/** The certificate shown under the faults that are on, and the options that make a TLS server show it. */
export interface TlsFace {
  readonly certificate: ServerCertificate;
  readonly options: SecureContextOptions;
}

export interface TlsWardrobe {
  /** The product's own authority, to be trusted by visitors. */
  readonly authority: Authority;
  face(faults: ReadonlySet<string>): Promise<TlsFace>;
}

/** Holds one authority and one healthy certificate, and makes faulty ones when a fault asks for them. */
export async function makeWardrobe(names: ServerNames, clock: Clock): Promise<TlsWardrobe> {
  const at = (offsetMs: number): Date => new Date(clock() + offsetMs);
  const authority = await makeAuthority(names.authoritySubject, at(0));
  const wish = {
    subject: names.leafSubject,
    dnsNames: names.dnsNames,
    addresses: ['127.0.0.1', '::1'],
    notBefore: at(-DAY_MS),
    notAfter: at(700 * DAY_MS),
  };
  const healthy = await issueCertificate(authority, wish);

  async function certificateUnder(faults: ReadonlySet<string>): Promise<ServerCertificate> {
    if (faults.has('TLS_SELF_SIGNED')) return issueCertificate(undefined, wish);
    if (faults.has('TLS_CHAIN_GAP')) {
      const root = await makeAuthority('CN=Example Public Root R1, O=Example Trust Services, C=US', at(0));
      const middle = await makeAuthority(
        'CN=Example Public Server CA 7, O=Example Trust Services, C=US',
        at(0),
        root,
      );
      return issueCertificate(middle, wish);
    }
    if (faults.has('TLS_INTERCEPT')) {
      const gateway = await makeAuthority('CN=Web Security Gateway, O=Example Corporation IT', at(0));
      return issueCertificate(gateway, wish);
    }
    if (faults.has('TLS_NAME'))
      return issueCertificate(authority, {
        ...wish,
        addresses: ['192.0.2.77'],
        dnsNames: ['elsewhere.example.net', 'pve-old'],
      });
    if (faults.has('TLS_EXPIRED'))
      return issueCertificate(authority, {
        ...wish,
        notBefore: at(-400 * DAY_MS),
        notAfter: at(-2 * DAY_MS),
      });
    if (faults.has('TLS_NOT_YET') || faults.has('CLOCK_HERE'))
      return issueCertificate(authority, { ...wish, notBefore: at(DAY_MS - 10 * MINUTE_MS) });
    if (faults.has('TLS_CHANGED')) return issueCertificate(authority, wish);
    return healthy;
  }

  return {
    authority,
    face: async (faults) => {
      const certificate = await certificateUnder(faults);
      const old = faults.has('TLS_VERSION');
      return {
        certificate,
        options: {
          cert: certificate.certPem,
          key: certificate.keyPem,
          // the old protocols need OpenSSL's security level lowered
          ...(old
            ? { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
            : { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' }),
        },
      };
    },
  };
}

export function gateUnder(faults: ReadonlySet<string>): Gate {
  if (faults.has('ACL_CLOSED')) return 'reset';
  if (faults.has('NOT_HTTP')) return 'ssh';
  if (faults.has('PLAIN_HTTP')) return 'plain';
  return 'open';
}

/** Milliseconds by which the server's own clock (Date header, expiry checks) is off under these faults. */
export function clockSkewMs(faults: ReadonlySet<string>): number {
  if (faults.has('CLOCK_HERE')) return DAY_MS;
  if (faults.has('CLOCK_SERVER')) return -2 * 60 * MINUTE_MS;
  return 0;
}
