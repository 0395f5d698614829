import { ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import type { Finding } from '../kinds/finding.ts';
import type { Credential, Expectations } from '../kinds/kind.ts';
import type { Secrets, Target } from './draft.ts';
import type { Candidate } from './examine.ts';
import type { ConnectionRecord, StoredCredential } from './record.ts';
import type { SecretField, Vault } from './vault.ts';
import type { WayOut } from './way-out.ts';

export interface Wanted {
  readonly expect?: Expectations | undefined;
  readonly probePassword?: Secret | undefined;
}

/** What was only typed, put to the test. Null where there is no credential to try. */
export function typedCandidate(
  target: Target,
  secrets: Secrets,
  fallbackEnabled: boolean,
  wanted: Wanted,
): Candidate | null {
  if (secrets.credential === null) return null;
  return {
    target,
    pinnedAt: null,
    credential: secrets.credential,
    refused: null,
    fallback: secrets.fallback,
    fallbackEnabled,
    fallbackRefused: false,
    known: secrets.findings,
    ...wantedOf(wanted),
  };
}

export const wantedOf = ({ expect, probePassword }: Wanted) => ({
  ...(expect === undefined ? {} : { expect }),
  ...(probePassword === undefined ? {} : { probePassword }),
});

export function targetOf(wayOut: WayOut, record: ConnectionRecord): Result<Target> {
  const origin = wayOut.parseOrigin(record.origin);
  if (!origin.ok) return origin;
  return ok({ kind: record.kind, origin: origin.value, url: record.origin, trust: record.trust });
}

const refusedBefore = ({ refusedAt, refusal }: ConnectionRecord): Candidate['refused'] =>
  refusedAt === null || refusal === null ? null : { at: refusedAt, said: refusal };

/** A stored connection, put to the test. Null where it has no credential. */
export function storedCandidate(
  wayOut: WayOut,
  vault: Vault,
  record: ConnectionRecord,
  wanted: Wanted,
): Result<Candidate | null> {
  const target = targetOf(wayOut, record);
  if (!target.ok) return target;
  const credential = openStored(vault, record.id, 'secret', record.credential);
  if (!credential.ok) return credential;
  const fallback = openStored(vault, record.id, 'fallback', record.fallback);
  if (!fallback.ok) return fallback;
  if (credential.value === null) return ok(null);
  return ok({
    target: target.value,
    pinnedAt: record.pinnedAt,
    credential: credential.value,
    refused: refusedBefore(record),
    fallback: fallback.value,
    fallbackEnabled: record.fallbackEnabled,
    fallbackRefused: record.fallbackRefusedAt !== null,
    ...wantedOf(wanted),
  });
}

export function openStored(
  vault: Vault,
  id: string,
  field: SecretField,
  stored: StoredCredential | null,
): Result<Credential | null> {
  return stored === null ? ok(null) : vault.open(id, field, stored);
}

/** Remarks that ended a test before a connection was stored; they go into the refusal. */
export const blockingCodes = (findings: readonly Finding[]) =>
  findings
    .filter((finding) => finding.severity === 'blocking')
    .map((finding) => ({ field: finding.code, message: finding.sentence }));
