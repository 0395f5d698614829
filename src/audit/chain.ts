import { hmac } from '../crypto/digest.ts';
import type { AuditEntry } from './entry.ts';

/** A chained row: its place, and a keyed hash over itself and everything before it. */
export interface ChainedEntry extends AuditEntry {
  readonly seq: number;
  readonly mac: string;
}

/**
 * Computes the MAC of a row from the MAC before it (the empty text before the first).
 *
 * @param detail the entry's detail as JSON, where the text is at hand already
 */
export type ChainMac = (previousMac: string, seq: number, entry: AuditEntry, detail?: string) => string;

/** HMAC-SHA-256 over a JSON array of the fields in fixed order, so that no two rows share a text. */
export function chainMac(key: Uint8Array | string): ChainMac {
  return (previousMac, seq, e, detail = JSON.stringify(e.detail)) =>
    hmac(
      key,
      JSON.stringify([
        previousMac,
        seq,
        e.at,
        e.action,
        e.actor,
        e.tokenId,
        e.address,
        e.subject,
        e.route,
        e.method,
        e.path,
        e.status,
        detail,
      ]),
    );
}

export interface ChainHead {
  readonly seq: number;
  readonly mac: string;
}

/** What is known outside the database of where the trail had come to. */
export type AnchorNote =
  | { readonly state: 'noted'; readonly head: ChainHead }
  | { readonly state: 'absent' }
  | { readonly state: 'unreadable'; readonly reason: string };

export interface ChainFault {
  readonly kind: 'edited' | 'missing' | 'truncated' | 'rolled_back' | 'unreadable';
  readonly seq: number;
  readonly message: string;
}

export interface ChainReport {
  readonly intact: boolean;
  readonly rows: number;
  readonly faults: readonly ChainFault[];
}

const FAULTS_MAX = 20;

/**
 * Walks the whole trail: every MAC, every gap, the head kept beside the rows (cutting off the end is noticed),
 * and an anchor kept outside the database (putting back an older copy of it is noticed). Rows without a readable
 * anchor are a fault as well: nobody could tell then. Null where there is none to compare with, as in a backup.
 */
export async function verifyChain(
  mac: ChainMac,
  rows: AsyncIterable<ChainedEntry>,
  head: ChainHead | null,
  note: AnchorNote | null,
): Promise<ChainReport> {
  const faults: ChainFault[] = [];
  const blame = (kind: ChainFault['kind'], seq: number, message: string): void => {
    if (faults.length < FAULTS_MAX) faults.push({ kind, seq, message });
  };
  let previous = { seq: 0, mac: '' };
  const anchor = note?.state === 'noted' ? note.head : null;
  let anchorSeen = anchor === null || anchor.seq === 0;
  let count = 0;
  for await (const row of rows) {
    count++;
    if (row.seq !== previous.seq + 1) {
      blame('missing', previous.seq + 1, `Rows ${previous.seq + 1} to ${row.seq - 1} are missing.`);
    } else if (mac(previous.mac, row.seq, row) !== row.mac) {
      blame('edited', row.seq, `Row ${row.seq} is not what was written.`);
    }
    if (anchor !== null && row.seq === anchor.seq) {
      anchorSeen = true;
      if (row.mac !== anchor.mac) {
        blame('rolled_back', row.seq, `Row ${row.seq} differs from what was noted outside the database.`);
      }
    }
    previous = { seq: row.seq, mac: row.mac };
  }
  if (head !== null && head.seq > previous.seq) {
    blame('truncated', head.seq, `The trail ends at row ${previous.seq} but reached row ${head.seq}.`);
  } else if (head === null ? previous.seq > 0 : head.seq !== previous.seq || head.mac !== previous.mac) {
    blame('edited', previous.seq, 'The head of the trail does not belong to its last row.');
  }
  if (!anchorSeen && anchor !== null) {
    blame('rolled_back', anchor.seq, `Row ${anchor.seq} was noted outside the database and is gone.`);
  }
  if (note?.state === 'unreadable') {
    blame('unreadable', 0, `What was noted outside the database cannot be read: ${note.reason}.`);
  } else if (note?.state === 'absent' && (previous.seq > 0 || head !== null)) {
    blame('unreadable', 0, 'Nothing is noted outside the database, so an older copy of it would not show.');
  }
  return { intact: faults.length === 0, rows: count, faults };
}
