import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Fault, fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { quoteShell } from './shell.ts';

const LARGEST_BYTES = 1024 * 1024;

/** Bytes of a settings file; null where there is none. Refused: folders, and what is no settings file by size. */
export async function readSettingsFile(path: string): Promise<Result<Buffer | null>> {
  try {
    const bytes = await readFile(path);
    if (bytes.length <= LARGEST_BYTES) return ok(bytes);
    return err(
      fault('invalid_request', `${path} is too large for a settings file.`, { fix: 'Check the path.' }),
    );
  } catch (failure) {
    return codeOf(failure) === 'ENOENT' ? ok(null) : err(fileFault(path, failure));
  }
}

/** Why a secret must not be written there, or null: a link leads elsewhere, others can read it, it is no file. */
export async function refuseTarget(path: string): Promise<Fault | null> {
  try {
    const found = await lstat(path);
    if (found.isSymbolicLink())
      return fault('conflict', `${path} is a symbolic link; secrets are not written through one.`, {
        fix: 'Name the file it leads to.',
      });
    if (!found.isFile()) return fault('conflict', `${path} is not a file.`, { fix: 'Name a file.' });
    if (isOpen(found)) return readersFault(path);
    return null;
  } catch (failure) {
    return codeOf(failure) === 'ENOENT' ? null : fileFault(path, failure);
  }
}

/** The remark on a file that others can read; null where it is closed or there is none. Links are followed. */
export async function readableByOthers(path: string): Promise<Fault | null> {
  const found = await stat(path).catch(() => null);
  return found?.isFile() && isOpen(found) ? readersFault(path) : null;
}

const isOpen = ({ mode }: Stats): boolean => process.platform !== 'win32' && (mode & 0o077) !== 0;

const readersFault = (path: string): Fault =>
  fault('conflict', `${path} can be read by others on this machine.`, {
    fix: `Close it: chmod 600 ${quoteShell(path)}`,
  });

/**
 * Writes a file only its owner can read (mode 600), whole or not at all: a new file in the same folder is
 * filled, flushed to disk and takes the place of the old one.
 */
export async function writePrivateFile(path: string, bytes: Buffer): Promise<Result<true>> {
  const refused = await refuseTarget(path);
  if (refused !== null) return err(refused);
  const folder = dirname(path);
  const draft = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.chmod(0o600);
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    await syncFolder(folder);
    return ok(true);
  } catch (failure) {
    await unlink(draft).catch(() => undefined);
    return err(fileFault(path, failure));
  }
}

/** The new name is safe from a power cut once its folder is; not every file system lets one ask for that. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'you may not',
  EPERM: 'you may not',
  EISDIR: 'it is a folder',
  ENOENT: 'there is no such folder',
  ENOTDIR: 'a part of its path is no folder',
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
};

function fileFault(path: string, failure: unknown): Fault {
  const code = codeOf(failure);
  return fault('conflict', `Cannot use ${path}: ${WORDS[code] ?? code}.`, { fix: 'Check the path.' });
}

const codeOf = (failure: unknown): string =>
  failure instanceof Error && 'code' in failure ? String(failure.code) : 'unknown cause';
