import { hmac } from '../crypto/digest.ts';
import type { AuditEntry } from './entry.ts';

/** A chained row: its place, and a keyed hash over itself and everything before it. */
export interface ChainedEntry extends AuditEntry {
  readonly seq: number;
  readonly mac: string;
}

/** Computes the MAC of a row from the MAC before it (the empty text before the first). */
export type ChainMac = (previousMac: string, seq: number, entry: AuditEntry) => string;

/** HMAC-SHA-256 over a JSON array of the fields in fixed order, so that no two rows share a text. */
export function chainMac(key: Uint8Array | string): ChainMac {
  return (previousMac, seq, e) =>
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
        JSON.stringify(e.detail),
      ]),
    );
}

export interface ChainHead {
  readonly seq: number;
  readonly mac: string;
}

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
 * and an anchor kept outside the database (putting back an older copy of it is noticed).
 */
export async function verifyChain(
  mac: ChainMac,
  rows: AsyncIterable<ChainedEntry>,
  head: ChainHead | null,
  anchor: ChainHead | null,
): Promise<ChainReport> {
  const faults: ChainFault[] = [];
  const note = (kind: ChainFault['kind'], seq: number, message: string): void => {
    if (faults.length < FAULTS_MAX) faults.push({ kind, seq, message });
  };
  let previous = { seq: 0, mac: '' };
  let anchorSeen = anchor === null || anchor.seq === 0;
  let count = 0;
  for await (const row of rows) {
    count++;
    if (row.seq !== previous.seq + 1) {
      note('missing', previous.seq + 1, `Rows ${previous.seq + 1} to ${row.seq - 1} are missing.`);
    } else if (mac(previous.mac, row.seq, row) !== row.mac) {
      note('edited', row.seq, `Row ${row.seq} is not what was written.`);
    }
    if (anchor !== null && row.seq === anchor.seq) {
      anchorSeen = true;
      if (row.mac !== anchor.mac) {
        note('rolled_back', row.seq, `Row ${row.seq} differs from what was noted outside the database.`);
      }
    }
    previous = { seq: row.seq, mac: row.mac };
  }
  if (head !== null && head.seq > previous.seq) {
    note('truncated', head.seq, `The trail ends at row ${previous.seq} but reached row ${head.seq}.`);
  } else if (head === null ? previous.seq > 0 : head.seq !== previous.seq || head.mac !== previous.mac) {
    note('edited', previous.seq, 'The head of the trail does not belong to its last row.');
  }
  if (!anchorSeen && anchor !== null) {
    note('rolled_back', anchor.seq, `Row ${anchor.seq} was noted outside the database and is gone.`);
  }
  return { intact: faults.length === 0, rows: count, faults };
}
