import type { Finding } from '../kinds/finding.ts';
import type { CredentialMethod, KindName, Verdict } from '../kinds/kind.ts';
import type { Trust } from './way-out.ts';

/** A credential at rest: everything but the secret in clear, the secret sealed. */
export interface StoredCredential {
  readonly method: CredentialMethod;
  readonly identity: string;
  /** The upstream's own number of it (Foreman). */
  readonly upstreamId: string | null;
  readonly sealed: string;
  /** Part of the sealing context: an older ciphertext put back in place does not open. */
  readonly version: number;
}

export interface LastTest {
  /** Epoch seconds. */
  readonly at: number;
  readonly verdict: Verdict;
  readonly sentence: string;
  readonly findings: readonly Finding[];
}

/** One system we talk to. All times in seconds since the epoch. */
export interface ConnectionRecord {
  readonly id: string;
  readonly name: string;
  readonly kind: KindName;
  /** Canonical URL: scheme, host, port where it is not the scheme's own, path prefix. */
  readonly origin: string;
  readonly trust: Trust;
  readonly pinnedAt: number | null;
  readonly credential: StoredCredential | null;
  readonly fallback: StoredCredential | null;
  /** The fallback may be used after the credential was refused. */
  readonly fallbackEnabled: boolean;
  /** Highest version any secret of this connection ever had. */
  readonly versionsUsed: number;
  /** When the credential ends; null: never, or not known. */
  readonly expiresAt: number | null;
  /** Since when the credential as it stands is refused; null while it is not. */
  readonly refusedAt: number | null;
  /** What was said then. */
  readonly refusal: Finding | null;
  readonly fallbackRefusedAt: number | null;
  /** When the fallback first stepped in for the credential as it stands. */
  readonly fellBackAt: number | null;
  /** The smallest number of days left that was announced for the end as it stands. */
  readonly warnedDays: number | null;
  readonly lastTest: LastTest | null;
  /** Grows whenever something changes that a call depends on. */
  readonly revision: number;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly updatedAt: number;
  readonly updatedBy: string;
}

export type EventKind =
  | 'credential_refused'
  | 'credential_accepted_again'
  | 'credential_ending'
  | 'certificate_changed'
  | 'trust_ending'
  | 'fallback_used'
  | 'machine_failed'
  | 'machine_left_over';

export interface NewEvent {
  readonly at: number;
  readonly kind: EventKind;
  readonly connectionId: string;
  readonly connectionName: string;
  readonly code: string;
  readonly sentence: string;
  readonly fix: string;
}

export interface EventRecord extends NewEvent {
  readonly id: number;
  readonly acknowledgedAt: number | null;
  readonly acknowledgedBy: string | null;
  readonly deliveredAt: number | null;
  /** Deliveries tried so far. */
  readonly attempts: number;
}
