import type { Change } from '../base/change.ts';
import type { AuditEntry } from './entry.ts';

/** What every changing transaction can write beside its rows. All of it commits or none. */
export interface Journal {
  /** Many at once cost far less than one by one. */
  audit(...entries: AuditEntry[]): Promise<void>;
  changed(change: Change): Promise<void>;
}
