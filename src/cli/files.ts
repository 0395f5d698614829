import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CliError } from './failure.ts';

/**
 * A path as it was meant: shells leave the `~` of `--token-file=~/token` alone, and the file would not be found.
 */
export function expandHome(path: string, home: string): string {
  if (path === '~') return home;
  return path.startsWith('~/') ? join(home, path.slice(2)) : path;
}

const LONGEST_BYTES = 64 * 1024;

/** Text of a small file the user named. */
export async function readNamedFile(path: string, home: string, what: string): Promise<string> {
  const file = resolve(expandHome(path, home));
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (failure) {
    throw new CliError(`Cannot read the ${what} from ${file}: ${reason(failure)}.`, 'Check the path.');
  }
  if (bytes.length > LONGEST_BYTES)
    throw new CliError(`${file} is too large to hold a ${what}.`, 'Check the path.');
  return bytes.toString('utf8');
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'it may not be opened by you',
  EPERM: 'it may not be opened by you',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
};

/** Why the file system refused, in words. */
export function reason(failure: unknown): string {
  const code = failure instanceof Error && 'code' in failure ? String(failure.code) : 'unknown cause';
  return REASONS[code] ?? code;
}
