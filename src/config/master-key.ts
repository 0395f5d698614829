import { link, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
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

/**
 * Writes a new key file that only its owner may read; never over an existing one: the value is false when there is
 * one by now. The file appears with its text in it, so that another process starting never reads half a key.
 */
export async function writeMasterKey(file: string, text: string): Promise<Result<boolean>> {
  const draft = `${file}.${process.pid}`;
  try {
    const handle = await open(draft, 'w', 0o600);
    try {
      await handle.chmod(0o600);
      await handle.writeFile(
        `# Tessera master key. Whoever has it and the database can read every sealed secret.\n${text}\n`,
      );
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(draft, file);
    return ok(true);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return ok(false);
    return err(
      fault('unavailable', `The key file ${file} cannot be written: ${message}.`, {
        fix: `See that the folder ${dirname(file)} is there and this user may write to it, or set TESSERA_MASTER_KEY_FILE.`,
      }),
    );
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
}
