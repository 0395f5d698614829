import { chmod, open, readFile, stat } from 'node:fs/promises';
import type { Secret } from '../base/secret.ts';

/** Key text as found, or why there is none. */
export type KeySource =
  | { readonly state: 'found'; readonly text: string; readonly from: string }
  | { readonly state: 'absent' }
  | { readonly state: 'refused'; readonly message: string; readonly fix: string };

/** Looks for the master keys: the environment first, then the key file, which only its owner may read. */
export async function findMasterKeys(file: string, environment: Secret | null): Promise<KeySource> {
  if (environment !== null) return { state: 'found', text: environment.reveal(), from: 'TESSERA_MASTER_KEY' };
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0) {
      return {
        state: 'refused',
        message: `The key file ${file} can be read by others.`,
        fix: `chmod 600 ${file}`,
      };
    }
    return { state: 'found', text: await readFile(file, 'utf8'), from: file };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { state: 'absent' };
    return {
      state: 'refused',
      message: `The key file ${file} cannot be read: ${(error as Error).message}.`,
      fix: 'Check who owns it.',
    };
  }
}

/** Writes a new key file that only its owner may read; never over an existing one. False when there is one by now. */
export async function writeMasterKey(file: string, text: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.writeFile(
        `# Tessera master key. Whoever has it and the database can read every sealed secret.\n${text}\n`,
      );
      await handle.sync();
    } finally {
      await handle.close();
    }
    await chmod(file, 0o600);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
