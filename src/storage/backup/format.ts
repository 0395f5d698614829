import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { fault } from '../../base/fault.ts';
import { err, ok, type Result } from '../../base/result.ts';

/**
 * A backup is text: one JSON object a line. The first is the header, each further one `["table", row]`. Sealed
 * values stay sealed and tokens are digests, so that the file alone opens nothing.
 */
export interface BackupHeader {
  readonly format: 'tessera-backup';
  readonly version: 1;
  /** RFC 3339, UTC. */
  readonly created_at: string;
  readonly engine: string;
  /** Migrations the rows are written under, in order. */
  readonly migrations: readonly string[];
  /** Master keys that are needed to open what is sealed in here. */
  readonly key_ids: readonly string[];
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
  /** SHA-256 of all that follows the header's line, hex. */
  readonly digest: string;
}

export type BackupRow = Readonly<Record<string, string | number | null>>;

export const rowLine = (table: string, row: BackupRow): string => `${JSON.stringify([table, row])}\n`;

const broken = (message: string) =>
  err(fault('invalid_request', `The backup ${message}.`, { fix: 'Take another copy of it.' }));

/** The lines of a file, without their ends. */
export async function* linesOf(file: string): AsyncGenerator<string> {
  const input = createReadStream(file, 'utf8');
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  try {
    for await (const line of lines) yield line;
  } finally {
    lines.close();
    input.destroy();
  }
}

export async function readHeader(file: string): Promise<Result<BackupHeader>> {
  try {
    for await (const line of linesOf(file)) return headerOf(line);
    return broken('is empty');
  } catch (error) {
    return err(fault('invalid_request', `The backup cannot be read: ${(error as Error).message}.`));
  }
}

function headerOf(line: string): Result<BackupHeader> {
  try {
    const header = JSON.parse(line) as BackupHeader;
    if (header.format !== 'tessera-backup') return broken('is not one of Tessera');
    if (header.version !== 1) return broken('was written by a newer release');
    const whole =
      Array.isArray(header.migrations) &&
      Array.isArray(header.key_ids) &&
      typeof header.digest === 'string' &&
      typeof header.rows === 'object' &&
      header.rows !== null;
    return whole ? ok(header) : broken('has a header that is cut');
  } catch {
    return broken('has no header');
  }
}

/** Rows in the order of the file; the header is passed over. A line that is no row throws. */
export async function* rowsOf(file: string): AsyncGenerator<{ table: string; row: BackupRow }> {
  let first = true;
  for await (const line of linesOf(file)) {
    if (!first) {
      const [table, row] = JSON.parse(line) as [string, BackupRow];
      yield { table, row };
    }
    first = false;
  }
}
