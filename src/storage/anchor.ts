import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnchorNote, ChainHead } from '../audit/chain.ts';
import type { AuditAnchor } from '../audit/trail.ts';

/**
 * What an operator writes into the file after looking into an alarm, or on a machine that joins others: the trail as
 * it is now is accepted, and noted from here on.
 */
const ACCEPT = 'accept';

/** The newest audit row this machine wrote, noted in a file beside the database, so that an older copy shows. */
export function fileAnchor(folder: string): AuditAnchor {
  const path = join(folder, 'audit-anchor.json');
  return {
    async read(): Promise<AnchorNote> {
      let text: string;
      try {
        text = await readFile(path, 'utf8');
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        return code === 'ENOENT' ? { state: 'absent' } : { state: 'unreadable', reason: message };
      }
      if (text.trim() === ACCEPT) return { state: 'noted', head: { seq: 0, mac: '' } };
      const head = parsed(text);
      if (isHead(head)) return { state: 'noted', head };
      return { state: 'unreadable', reason: `${path} does not hold a row number and its hash` };
    },

    async write({ seq, mac }) {
      const draft = `${path}.${process.pid}`;
      const handle = await open(draft, 'w', 0o600);
      try {
        await handle.writeFile(JSON.stringify({ seq, mac }));
        // A name that points to an empty file after a power cut would look like somebody's work.
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(draft, path);
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const isHead = (value: unknown): value is ChainHead =>
  typeof value === 'object' &&
  value !== null &&
  'seq' in value &&
  typeof value.seq === 'number' &&
  'mac' in value &&
  typeof value.mac === 'string';
