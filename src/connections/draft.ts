import { fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Finding } from '../kinds/finding.ts';
import type { Credential, CredentialInput, KindName } from '../kinds/kind.ts';
import { KINDS } from '../kinds/registry.ts';
import { readTrust, type TrustWish } from './trust.ts';
import type { Origin, Trust, WayOut } from './way-out.ts';

/** Where a connection leads, as typed. */
export interface TargetWish {
  readonly kind: KindName;
  readonly url: string;
  readonly trust?: TrustWish;
}

export interface Target {
  readonly kind: KindName;
  readonly origin: Origin;
  /** The origin in its canonical spelling. */
  readonly url: string;
  readonly trust: Trust;
}

export interface FallbackWish {
  readonly user?: string;
  readonly password: string;
  readonly enabled?: boolean;
}

export interface Secrets {
  readonly credential: Credential | null;
  readonly fallback: Credential | null;
  /** Remarks on what was typed. */
  readonly findings: readonly Finding[];
}

const MAX_SECRET = 4096;

export function readTarget(wayOut: WayOut, wish: TargetWish, now: number): Result<Target> {
  const origin = wayOut.parseOrigin(wish.url, 'url');
  if (!origin.ok) return origin;
  const trust = readTrust(wayOut, wish.trust ?? { mode: 'system' }, now);
  if (!trust.ok) return trust;
  return ok({
    kind: wish.kind,
    origin: origin.value,
    url: wayOut.originUrl(origin.value),
    trust: trust.value,
  });
}

/**
 * Reads a credential and the password beside it. What is present decides, as the guides promise: a password
 * alone becomes the credential; beside a token it is the fallback.
 *
 * @param userBefore whom the fallback speaks for where neither of the two says it
 */
export function readSecrets(
  kind: KindName,
  wish: { readonly credential?: CredentialInput | undefined; readonly fallback?: FallbackWish | undefined },
  userBefore?: string,
): Result<Secrets> {
  const findings: Finding[] = [];
  let credential: Credential | null = null;
  if (wish.credential !== undefined) {
    const long = tooLong('secret', wish.credential.secret);
    if (long !== null) return err(long);
    const read = KINDS[kind].readCredential(wish.credential);
    if (!read.ok) return read;
    credential = read.value.credential;
    findings.push(...read.value.findings);
  }
  if (wish.fallback === undefined) return ok({ credential, fallback: null, findings });
  if (!takesPasswords(kind))
    return err(
      fieldFault('invalid_request', 'fallback', `is not possible with ${kind}, which knows no passwords`),
    );
  const long = tooLong('fallback.password', wish.fallback.password);
  if (long !== null) return err(long);
  const user = wish.fallback.user ?? ownerOf(credential?.identity ?? userBefore ?? '');
  const read = KINDS[kind].readCredential({ method: 'password', user, secret: wish.fallback.password });
  if (!read.ok) return read;
  if (wish.credential === undefined && userBefore === undefined)
    return ok({ credential: read.value.credential, fallback: null, findings: read.value.findings });
  // A password has every shape; remarks on it belong to tokens.
  return ok({ credential, fallback: read.value.credential, findings });
}

const takesPasswords = (kind: KindName): boolean => kind === 'proxmox' || kind === 'foreman';

/** `user@realm!name` belongs to `user@realm`; a login belongs to itself. */
const ownerOf = (identity: string): string => identity.split('!', 1)[0] ?? '';

const tooLong = (field: string, secret: string | undefined) =>
  secret !== undefined && secret.length > MAX_SECRET
    ? fieldFault('invalid_request', field, `is longer than ${MAX_SECRET} characters`)
    : null;
