import { type Finding, isBlocking } from '../finding.ts';
import { judgeCertificate } from './certificate.ts';
import type { Place } from './rows.ts';
import { type ReachSubject, reachFinding } from './subject.ts';
import { probeTcp } from './tcp.ts';

export interface Reached {
  readonly findings: readonly Finding[];
  /** SHA-256 of the certificate shown. */
  readonly fingerprint?: string;
}

/** Probes P1 to P4: name, every address, certificate. No credential is at hand here at all. */
export async function probeReach(subject: ReachSubject): Promise<Reached> {
  const { client, product } = subject;
  const place: Place = { host: client.origin.host, port: client.origin.port, product };
  subject.step?.('dns');
  const tcp = await probeTcp(subject, place);
  if (tcp.some(isBlocking)) return { findings: tcp };
  if (client.origin.scheme === 'http') {
    // Nobody listens on the way to this very machine.
    if (client.origin.loopback) return { findings: tcp };
    return { findings: [...tcp, reachFinding('CLEAR_TEXT', 'P0', 'http://', place)] };
  }
  subject.step?.('tls');
  const tls = await judgeCertificate(subject, place);
  return {
    findings: [...tcp, ...tls.findings],
    ...(tls.fingerprint ? { fingerprint: tls.fingerprint } : {}),
  };
}
