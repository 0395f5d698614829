import { type FileHandle, open } from 'node:fs/promises';
import { inTurns } from '../base/in-turns.ts';

/** Puts what was written into a file on the disk, off the event loop. */
export interface FileSync {
  /** Done when everything written before the call is on the disk. Calls during one turn of the disk share the next. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export function createFileSync(path: string): FileSync {
  let opened: Promise<FileHandle> | null = null;
  let last: Promise<void> = Promise.resolve();

  const sync = inTurns(async () => {
    opened ??= open(path, 'r');
    await (await opened).datasync();
  });

  return {
    sync() {
      last = sync();
      return last;
    },
    async close() {
      await last.catch(() => {});
      await (await opened)?.close();
    },
  };
}
