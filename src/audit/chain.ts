import { hmac, sha256Base64Url } from '../crypto/digest.ts';
import type { AuditEntry } from './entry.ts';

/** A chained row: its place, and a hash over itself and everything before it ({@link AuditChain}). */
export interface ChainedEntry extends AuditEntry {
  readonly seq: number;
  readonly mac: string;
}

/**
 * What a row is tied to the rows before it with. A seal is keyed: nobody without the key can make one. A link is not,
 * and takes a fifth of the time; the next seal covers it. Rows that are appended together are linked, and the last of
 * them is sealed.
 *
 * @param previous what the row before has; the empty text before the first
 * @param detail the entry's detail as JSON, where the text is at hand already
 */
export interface AuditChain {
  link(previous: string, seq: number, entry: AuditEntry, detail?: string): string;
  seal(previous: string, seq: number, entry: AuditEntry, detail?: string): string;
}

/** How links begin; base64url, of which seals are made, does not have it. */
const LINK = '#';

/** SHA-256 and HMAC-SHA-256 over a JSON array of the fields in fixed order, so that no two rows share a text. */
export const auditChain = (key: Uint8Array | string): AuditChain => ({
  link: (previous, seq, entry, detail) => LINK + sha256Base64Url(rowText(previous, seq, entry, detail)),
  seal: (previous, seq, entry, detail) => hmac(key, rowText(previous, seq, entry, detail)),
});

const rowText = (
  previous: string,
  seq: number,
  e: AuditEntry,
  detail: string = JSON.stringify(e.detail),
): string =>
  JSON.stringify([
    previous,
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
  ]);

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
 * Walks the whole trail: every link and seal, every gap, the head kept beside the rows (cutting off the end is noticed),
 * and an anchor kept outside the database (putting back an older copy of it is noticed). Rows without a readable
 * anchor are a fault as well: nobody could tell then. Null where there is none to compare with, as in a backup.
 */
export async function verifyChain(
  chain: AuditChain,
  rows: AsyncIterable<ChainedEntry>,
  head: ChainHead | null,
  note: AnchorNote | null,
): Promise<ChainReport> {
  const faults: ChainFault[] = [];
  const blame = (kind: ChainFault['kind'], seq: number, message: string): void => {
    if (faults.length < FAULTS_MAX) faults.push({ kind, seq, message });
  };
  let previous = { seq: 0, mac: '' };
  /** The last row that nobody without the key can have made. */
  let sealed = 0;
  const anchor = note?.state === 'noted' ? note.head : null;
  let anchorSeen = anchor === null || anchor.seq === 0;
  let count = 0;
  for await (const row of rows) {
    count++;
    if (row.seq !== previous.seq + 1) {
      blame('missing', previous.seq + 1, `Rows ${previous.seq + 1} to ${row.seq - 1} are missing.`);
    } else if (row.mac.startsWith(LINK)) {
      if (chain.link(previous.mac, row.seq, row) !== row.mac)
        blame('edited', row.seq, `Row ${row.seq} is not what was written.`);
    } else {
      if (chain.seal(previous.mac, row.seq, row) !== row.mac) {
        const which =
          sealed + 1 < row.seq
            ? `One of the rows ${sealed + 1} to ${row.seq} is not`
            : `Row ${row.seq} is not`;
        blame('edited', row.seq, `${which} what was written.`);
      }
      sealed = row.seq;
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
  if (sealed < previous.seq) {
    blame('edited', previous.seq, `The rows ${sealed + 1} to ${previous.seq} are not sealed.`);
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
