import { auditChain, type ChainedEntry, type ChainHead, verifyChain } from '../../audit/chain.ts';
import { ok, type Result } from '../../base/result.ts';
import type { Keyring } from '../../crypto/keyring.ts';
import { runningDigest } from '../../crypto/running-digest.ts';
import type { Sealer } from '../../crypto/seal.ts';
import { toEntry } from '../audit.ts';
import type { AuditTableRow } from '../schema.ts';
import { SEALED_COLUMNS } from '../sealed-places.ts';
import { type BackupHeader, linesOf, readHeader, rowsOf } from './format.ts';

export interface BackupCheck {
  readonly header: BackupHeader;
  /** Nothing at all is wrong; `faults` is empty. */
  readonly intact: boolean;
  readonly faults: readonly string[];
  /** The audit chain holds from its first row to its head; null where its key is not at hand. */
  readonly chainIntact: boolean | null;
  /** Master keys that are needed and not at hand. */
  readonly missingKeys: readonly string[];
  readonly sealed: { readonly values: number; readonly opened: number };
}

/** Digest, row counts, audit chain, and whether everything sealed opens with the keys at hand. */
export async function verifyBackup(
  file: string,
  keyring: Keyring,
  sealer: Sealer,
): Promise<Result<BackupCheck>> {
  const read = await readHeader(file);
  if (!read.ok) return read;
  const header = read.value;
  const faults: string[] = [];
  const missingKeys = header.key_ids.filter((id) => keyring.find(id) === null);
  for (const id of missingKeys) faults.push(`The master key ${id} is not at hand.`);
  if ((await digestOf(file)) !== header.digest)
    faults.push('The digest does not fit: the file was changed or cut.');

  const found: Record<string, number> = {};
  let values = 0;
  let opened = 0;
  let head: ChainHead | null = null;
  let auditKey: string | null = null;
  try {
    for await (const { table, row } of rowsOf(file)) {
      found[table] = (found[table] ?? 0) + 1;
      if (table === 'audit_head') head = { seq: Number(row.seq), mac: String(row.mac) };
      for (const spot of SEALED_COLUMNS) {
        const sealed = spot.table === table ? row[spot.column] : null;
        if (typeof sealed !== 'string') continue;
        values += 1;
        const value = sealer.open(sealed, spot.context(row));
        if (value.ok) opened += 1;
        else faults.push(`${table} ${String(row[spot.key])}: ${value.error.message}`);
        if (value.ok && table === 'sealed_values' && row.name === 'audit-key')
          auditKey = value.value.reveal();
      }
    }
  } catch {
    faults.push('A line cannot be read.');
  }
  for (const [table, rows] of Object.entries(header.rows))
    if ((found[table] ?? 0) !== rows)
      faults.push(`${table} holds ${found[table] ?? 0} rows instead of ${rows}.`);

  let chainIntact: boolean | null = null;
  if (auditKey !== null) {
    const chain = await verifyChain(auditChain(auditKey), auditRows(file), head, null).catch(() => null);
    chainIntact = chain?.intact ?? false;
    for (const { message } of chain?.faults ?? []) faults.push(`Audit: ${message}`);
  }
  return ok({
    header,
    intact: faults.length === 0,
    faults: faults.slice(0, 50),
    chainIntact,
    missingKeys,
    sealed: { values, opened },
  });
}

async function digestOf(file: string): Promise<string> {
  const digest = runningDigest();
  let first = true;
  for await (const line of linesOf(file)) {
    if (!first) digest.add(`${line}\n`);
    first = false;
  }
  return digest.hex();
}

async function* auditRows(file: string): AsyncGenerator<ChainedEntry> {
  for await (const { table, row } of rowsOf(file))
    if (table === 'audit') yield toEntry(row as unknown as AuditTableRow);
}
