import { ok, type Result } from '../base/result.ts';
import type { Credential } from '../kinds/kind.ts';
import type { Secrets, Target } from './draft.ts';
import type { Examination } from './examine.ts';
import type { ConnectionRecord } from './record.ts';
import type { Vault } from './vault.ts';

/** Pieces of a record as they come to be. */

export function newRecord(made: {
  readonly id: string;
  readonly name: string;
  readonly target: Target;
  readonly at: number;
  readonly by: string;
}): ConnectionRecord {
  const { id, name, target, at, by } = made;
  return {
    id,
    name,
    kind: target.kind,
    origin: target.url,
    trust: target.trust,
    pinnedAt: target.trust.mode === 'pin' ? at : null,
    credential: null,
    fallback: null,
    fallbackEnabled: false,
    versionsUsed: 0,
    expiresAt: null,
    refusedAt: null,
    refusal: null,
    fallbackRefusedAt: null,
    fellBackAt: null,
    warnedDays: null,
    lastTest: null,
    revision: 1,
    createdAt: at,
    createdBy: by,
    updatedAt: at,
    updatedBy: by,
  };
}

/** The record with what is new of the secrets sealed into it; each new secret takes a version never used before. */
export function secretPart(
  vault: Vault,
  record: ConnectionRecord,
  secrets: Pick<Secrets, 'credential' | 'fallback'>,
  fallbackEnabled: boolean,
): Result<ConnectionRecord> {
  let after = record;
  if (secrets.credential !== null) {
    const replaced = replaceCredential(vault, after, secrets.credential, null);
    if (!replaced.ok) return replaced;
    after = replaced.value;
  }
  if (secrets.fallback !== null) {
    const version = after.versionsUsed + 1;
    const sealed = vault.close(after.id, 'fallback', version, secrets.fallback);
    if (!sealed.ok) return sealed;
    after = { ...after, fallback: sealed.value, versionsUsed: version, fallbackRefusedAt: null };
  }
  return ok({ ...after, fallbackEnabled: fallbackEnabled && after.fallback !== null });
}

/** @param expiresAt epoch seconds, null where it has no end or none is known */
export function replaceCredential(
  vault: Vault,
  record: ConnectionRecord,
  credential: Credential,
  expiresAt: number | null,
): Result<ConnectionRecord> {
  const version = record.versionsUsed + 1;
  const sealed = vault.close(record.id, 'secret', version, credential);
  if (!sealed.ok) return sealed;
  return ok({
    ...record,
    credential: sealed.value,
    versionsUsed: version,
    expiresAt,
    warnedDays: null,
    refusedAt: null,
    refusal: null,
    fellBackAt: null,
    // What was found of the old credential says nothing about the new one.
    lastTest: null,
  });
}

/** What a check before saving has found. */
export function examinedPart(found: Examination | null): Partial<ConnectionRecord> {
  if (found === null) return {};
  const { report, at, sentence } = found;
  return {
    lastTest: { at, verdict: report.verdict, sentence, findings: report.findings },
    ...(report.expiresAt === undefined ? {} : { expiresAt: report.expiresAt }),
    ...(found.refusal === null ? {} : { refusedAt: at, refusal: found.refusal, fellBackAt: at }),
  };
}
