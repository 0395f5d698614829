import { execFile } from 'node:child_process';
import { appendFile, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Fault, fault } from '../base/fault.ts';
import { quoteShell } from './shell.ts';

/** What git would do with a file that holds a secret. */
export type GitStanding = 'outside' | 'ignored' | 'tracked' | 'would-track' | 'unknown';

/** Asks git itself, in the folder of the file; the file need not exist yet. */
export async function gitStanding(path: string): Promise<GitStanding> {
  const [folder, name] = [dirname(path), basename(path)];
  const inside = await git(folder, ['rev-parse', '--is-inside-work-tree']);
  if (inside.code === 'ENOENT' || /not a git repository/i.test(inside.error)) return 'outside';
  if (inside.code !== 0) return 'unknown';
  // Inside the .git folder itself nothing is ever tracked.
  if (inside.output.trim() !== 'true') return 'outside';
  const tracked = await git(folder, ['ls-files', '--error-unmatch', '--', name]);
  if (tracked.code === 0) return 'tracked';
  const ignored = await git(folder, ['check-ignore', '-q', '--', name]);
  if (ignored.code === 0) return 'ignored';
  return ignored.code === 1 ? 'would-track' : 'unknown';
}

/** Why a secret must not be written there, or null. */
export async function refuseByGit(path: string): Promise<Fault | null> {
  const name = quoteShell(basename(path));
  const standing = await gitStanding(path);
  if (standing === 'tracked')
    return fault('conflict', `git tracks ${path}: the secret would be in the next commit.`, {
      fix: `Take it out first: git rm --cached ${name} && echo ${quoteShell(`/${basename(path)}`)} >> .gitignore`,
    });
  if (standing === 'would-track')
    return fault('conflict', `git does not ignore ${path}: the secret could be committed.`, {
      fix: `Ignore it first: echo ${quoteShell(`/${basename(path)}`)} >> .gitignore`,
    });
  if (standing === 'unknown')
    return fault('conflict', `Whether git would track ${path} cannot be told: git does not answer.`, {
      fix: `Ask it: git check-ignore -v ${name}`,
    });
  return null;
}

/** Adds the file to the `.gitignore` beside it. */
export async function ignoreInGit(path: string): Promise<void> {
  const list = join(dirname(path), '.gitignore');
  const before = await readFile(list, 'utf8').catch(() => '');
  const open = before !== '' && !before.endsWith('\n');
  await appendFile(list, `${open ? '\n' : ''}/${basename(path)}\n`);
}

interface Answer {
  readonly code: number | string;
  readonly output: string;
  readonly error: string;
}

function git(folder: string, words: readonly string[]): Promise<Answer> {
  // A hook of git runs us with its own repository in the environment, which need not be the one of the file.
  const { GIT_DIR: _, GIT_WORK_TREE: __, GIT_INDEX_FILE: ___, ...env } = process.env;
  return new Promise((resolve) => {
    execFile('git', ['-C', folder, ...words], { env: { ...env, LC_ALL: 'C' } }, (failure, output, error) =>
      resolve({ code: failure === null ? 0 : (failure.code ?? 1), output, error }),
    );
  });
}
