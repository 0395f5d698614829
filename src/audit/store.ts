import type { Result } from '../base/result.ts';
import type { ChainedEntry, ChainHead } from './chain.ts';
import type { AuditEntry } from './entry.ts';

export interface AuditFilter {
  readonly actor?: string;
  readonly action?: string;
  readonly subject?: string;
  readonly tokenId?: string;
  readonly route?: string;
  /** Epoch milliseconds, inclusive. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** Only rows before this one, newest first. */
  readonly beforeSeq?: number;
  /** Only rows after this one, oldest first. */
  readonly afterSeq?: number;
  readonly limit: number;
}

export interface AuditStore {
  entries(filter: AuditFilter): Promise<ChainedEntry[]>;
  head(): Promise<ChainHead | null>;
  /** Writes rows that belong to no change, all of them or none; `patient` lets others go first. */
  append(entries: readonly AuditEntry[], urgency: 'patient' | 'urgent'): Promise<Result<void>>;
}
