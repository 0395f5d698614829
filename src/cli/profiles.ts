import { chmod, mkdir, open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Secret } from '../base/secret.ts';
import { CliError } from './failure.ts';
import { expandHome, reason } from './files.ts';

/** What is remembered of one server. */
export interface Profile {
  readonly username: string;
  /** A session is ended on logout; a token somebody made and gave us is only forgotten. */
  readonly kind: 'session' | 'token';
  readonly token: Secret;
  readonly expiresAt: string | null;
}

export interface ProfileBook {
  /** Address of the server last logged in to. */
  readonly current: string | null;
  readonly profiles: Readonly<Record<string, Profile>>;
}

export interface Profiles {
  readonly file: string;
  read(): Promise<ProfileBook>;
  /** Remembers the profile and makes its server the current one. */
  remember(url: string, profile: Profile): Promise<void>;
  forget(url: string): Promise<void>;
}

const EMPTY: ProfileBook = { current: null, profiles: {} };

/** `profiles.json` in `TESSERA_CONFIG_DIR`, `XDG_CONFIG_HOME/tessera` or `~/.config/tessera`; mode 0600. */
export function openProfiles(env: Readonly<Record<string, string | undefined>>, home: string): Profiles {
  const folder = env.TESSERA_CONFIG_DIR
    ? expandHome(env.TESSERA_CONFIG_DIR, home)
    : join(env.XDG_CONFIG_HOME || join(home, '.config'), 'tessera');
  const file = join(folder, 'profiles.json');

  async function read(): Promise<ProfileBook> {
    const text = await readPrivate(file);
    return text === null ? EMPTY : parse(text, file);
  }

  async function change(edit: (book: ProfileBook) => ProfileBook): Promise<void> {
    const book = edit(await read());
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writePrivate(file, print(book));
    } catch (failure) {
      throw new CliError(
        `Cannot write ${file}: ${reason(failure)}.`,
        'Make the folder writable, or name another with TESSERA_CONFIG_DIR.',
      );
    }
  }

  return {
    file,
    read,
    remember: (url, profile) =>
      change((book) => ({ current: url, profiles: { ...book.profiles, [url]: profile } })),
    forget: (url) =>
      change((book) => {
        const profiles = Object.fromEntries(Object.entries(book.profiles).filter(([key]) => key !== url));
        const current = book.current === url ? (Object.keys(profiles)[0] ?? null) : book.current;
        return { current, profiles };
      }),
  };
}

/** Text of the file, or null when there is none. Refuses a file that others can read: its tokens count as known. */
async function readPrivate(file: string): Promise<string | null> {
  try {
    const { mode } = await stat(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new CliError(
        `${file} holds tokens and can be read by others on this machine.`,
        `Close it: chmod 600 '${file}'`,
      );
    return await readFile(file, 'utf8');
  } catch (failure) {
    if (failure instanceof CliError) throw failure;
    if (failure instanceof Error && 'code' in failure && failure.code === 'ENOENT') return null;
    throw new CliError(`Cannot read ${file}: ${reason(failure)}.`, 'Check who owns the file and its folder.');
  }
}

/** Whole or not at all: a new file beside the old one takes its place. A link stays a link. */
async function writePrivate(file: string, text: string): Promise<void> {
  const target = await realpath(file).catch(() => file);
  const draft = join(dirname(target), `.profiles-${process.pid}-${Date.now()}.tmp`);
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
    await handle.close();
    await chmod(draft, 0o600);
    await rename(draft, target);
  } catch (failure) {
    await handle.close().catch(() => undefined);
    await unlink(draft).catch(() => undefined);
    throw failure;
  }
}

interface Stored {
  readonly version: 1;
  readonly current: string | null;
  readonly profiles: Readonly<
    Record<string, { username: string; kind: 'session' | 'token'; token: string; expires_at: string | null }>
  >;
}

function print(book: ProfileBook): string {
  const profiles: Stored['profiles'] = Object.fromEntries(
    Object.entries(book.profiles).map(([url, profile]) => [
      url,
      {
        username: profile.username,
        kind: profile.kind,
        token: profile.token.reveal(),
        expires_at: profile.expiresAt,
      },
    ]),
  );
  const stored: Stored = { version: 1, current: book.current, profiles };
  return `${JSON.stringify(stored, null, 2)}\n`;
}

function parse(text: string, file: string): ProfileBook {
  const stored = stored1(text);
  if (stored === null)
    throw new CliError(
      `${file} is not a file this version of tessera wrote.`,
      'Move it away and log in again: tessera login URL',
    );
  const profiles = Object.entries(stored.profiles).map(([url, profile]): [string, Profile] => [
    url,
    {
      username: profile.username,
      kind: profile.kind,
      token: new Secret(profile.token),
      expiresAt: profile.expires_at,
    },
  ]);
  return { current: stored.current, profiles: Object.fromEntries(profiles) };
}

function stored1(text: string): Stored | null {
  try {
    const value = JSON.parse(text) as Stored;
    const sound =
      value.version === 1 &&
      Object.values(value.profiles).every(
        (profile) => typeof profile.token === 'string' && typeof profile.username === 'string',
      );
    return sound ? value : null;
  } catch {
    return null;
  }
}
