import type { Clock } from '../../base/clock.ts';
import { ok, type Result } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import { type Finding, isBlocking } from '../../kinds/finding.ts';
import { readHost } from '../../kinds/proxmox/host.ts';
import { probeProduct } from '../../kinds/proxmox/probe-login.ts';
import { PROXMOX, PROXMOX_FACE } from '../../kinds/proxmox/product.ts';
import { probeReach } from '../../kinds/reach/probe.ts';
import { createOutbound } from '../../outbound/client.ts';
import type { Origin } from '../../outbound/origin.ts';
import type { CertificateFacts } from '../../outbound/peer.ts';
import type { Trust } from '../../outbound/trust.ts';
import { surroundingsHere } from '../surroundings.ts';
import type { Environment } from './find-settings.ts';

export interface Inspected {
  readonly origin: Origin;
  /** Remarks on what was typed. */
  readonly typed: readonly Finding[];
  /** What stands in the way to the port, before any certificate; empty: it is open. */
  readonly unreachable: readonly Finding[];
  /** Leaf first; empty where none was shown. */
  readonly chain: readonly CertificateFacts[];
  /** Why this trust does not accept it, or other remarks of the handshake. */
  readonly distrust: readonly Finding[];
}

/** Looks at a host without a credential: name, port, certificate. Refused: what names no host. */
export async function inspectHost(
  text: string,
  trust: Trust,
  clock: Clock,
  environment: Environment,
  field?: string,
): Promise<Result<Inspected>> {
  const host = readHost(text, field);
  if (!host.ok) return host;
  const { origin, findings: typed } = host.value;
  const client = createOutbound({ origin, trust, clock });
  try {
    const surroundings = surroundingsHere(environment, clock);
    const reached = await probeReach({
      client,
      clock,
      product: PROXMOX,
      face: PROXMOX_FACE,
      expectsTls13: true,
      surroundings,
    });
    const looked = await client.look.certificate();
    const chain = looked.ok ? looked.value.peer.chain : [];
    const atTls = (finding: Finding): boolean => finding.layer === 'tls' && chain.length > 0;
    return ok({
      origin,
      typed,
      unreachable: reached.findings.filter((finding) => isBlocking(finding) && !atTls(finding)),
      chain,
      distrust: reached.findings.filter(atTls),
    });
  } finally {
    client.close();
  }
}

export interface Recognised {
  /** Blocking where it is no Proxmox VE. */
  readonly findings: readonly Finding[];
  readonly realms: readonly string[];
}

/** Asks the trusted server what it says of itself to everybody; still without a credential. */
export async function recogniseProxmox(origin: Origin, trust: Trust, clock: Clock): Promise<Recognised> {
  const client = createOutbound({ origin, trust, clock });
  const nobody = { method: 'token', identity: '', secret: new Secret('') } as const;
  try {
    return await probeProduct({ client, clock, credential: nobody });
  } finally {
    client.close();
  }
}
