import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChainHead } from '../audit/chain.ts';
import type { AuditAnchor } from '../audit/trail.ts';

/** The newest audit row this machine wrote, noted in a file beside the database, so that an older copy shows. */
export function fileAnchor(folder: string): AuditAnchor {
  const path = join(folder, 'audit-anchor.json');
  return {
    async read() {
      try {
        const head: unknown = JSON.parse(await readFile(path, 'utf8'));
        return isHead(head) ? head : null;
      } catch {
        return null;
      }
    },
    async write(head) {
      const known = await this.read();
      if (known !== null && known.seq >= head.seq) return;
      const draft = `${path}.${process.pid}`;
      await writeFile(draft, JSON.stringify(head), { mode: 0o600 });
      await rename(draft, path);
    },
  };
}

const isHead = (value: unknown): value is ChainHead =>
  typeof value === 'object' &&
  value !== null &&
  'seq' in value &&
  typeof value.seq === 'number' &&
  'mac' in value &&
  typeof value.mac === 'string';
