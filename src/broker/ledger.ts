import type { AuditEntry } from '../audit/entry.ts';
import type { AuditTrail } from '../audit/trail.ts';

/** Writes one row for each call into the audit trail. No row is lost: while they cannot be taken, no call starts. */
export interface Ledger {
  /** Whether another call may start. */
  open(): boolean;
  write(entry: AuditEntry): void;
  /** A refusal costs its sender nothing; it never takes the room that calls need. */
  refused(entry: AuditEntry): void;
}

export function createLedger(audit: Pick<AuditTrail, 'note' | 'refused'>): Ledger {
  /** Rows of calls that ended while the queue was full: at most as many as there were calls under way. */
  const waiting: AuditEntry[] = [];
  const settle = (): boolean => {
    let entry = waiting[0];
    while (entry !== undefined && audit.note(entry)) {
      waiting.shift();
      entry = waiting[0];
    }
    return waiting.length === 0;
  };
  return {
    open: () => waiting.length === 0 || settle(),
    write(entry) {
      if (!settle() || !audit.note(entry)) waiting.push(entry);
    },
    refused: (entry) => audit.refused(entry),
  };
}
