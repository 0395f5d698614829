import { type FileHandle, open } from 'node:fs/promises';

/** Puts what was written into a file on the disk, off the event loop. */
export interface FileSync {
  /** Done when everything written before the call is on the disk. Calls during one turn of the disk share the next. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export function createFileSync(path: string): FileSync {
  let opened: Promise<FileHandle> | null = null;
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;

  async function turn(): Promise<void> {
    opened ??= open(path, 'r');
    await (await opened).datasync();
  }

  function sync(): Promise<void> {
    if (running === null) {
      running = turn().finally(() => {
        running = null;
      });
      return running;
    }
    // The turn that runs may have begun before the last bytes were written.
    next ??= running
      .catch(() => {})
      .then(() => {
        next = null;
        return sync();
      });
    return next;
  }

  return {
    sync,
    async close() {
      await running?.catch(() => {});
      await (await opened)?.close();
    },
  };
}
