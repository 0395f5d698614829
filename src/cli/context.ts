import { Secret } from '../base/secret.ts';
import type { Tessera } from '../client/index.ts';
import { CliError, usageError } from './failure.ts';
import type { Io } from './io.ts';
import { type Output, openOutput } from './output.ts';
import { openProfiles, type Profile, type Profiles } from './profiles.ts';
import { type Prompter, terminalPrompter } from './prompts.ts';
import { DEFAULT_SERVER, serverAddress } from './server-address.ts';
import { withSpinner } from './spinner.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly formatType?: 'text' | 'json';
  readonly server?: string;
}

/** Which server a command speaks to, and as whom. */
export interface Target {
  readonly url: string;
  /** What is remembered of this server, also when TESSERA_TOKEN goes before it. */
  readonly profile: Profile | null;
  readonly token: Secret | null;
}

/** What a command works with. */
export interface Context {
  readonly io: Io;
  readonly out: Output;
  /** Null where there is no terminal. */
  readonly ask: Prompter | null;
  readonly profiles: Profiles;
  /** Server and credential: `--server`, TESSERA_URL, the last login; TESSERA_TOKEN, what login kept. */
  target(): Promise<Target>;
  /** A client with the credential at hand; fails when there is none. */
  tessera(): Promise<Tessera>;
  /** A client for any server, with any credential or none. */
  open(url: string, token?: Secret): Promise<Tessera>;
  /** The completion script of a shell; handed in, because it is made from the table of all commands. */
  completion(shell: Shell): Promise<string>;
}

export type Shell = 'bash' | 'zsh' | 'fish';

export function openContext(io: Io, options: GlobalOptions, completion: Context['completion']): Context {
  const out = openOutput(io, options.json === true || options.formatType === 'json');
  const profiles = openProfiles(io.env, io.home);
  const ask =
    io.prompter ?? (io.inputIsTerminal && io.errorIsTerminal ? terminalPrompter(io.stdin, io.stderr) : null);

  async function target(): Promise<Target> {
    const told = options.server ?? (io.env.TESSERA_URL || undefined);
    const fromEnvironment = io.env.TESSERA_TOKEN?.trim() || undefined;
    // A script that brings both needs no file, and must not stumble over one.
    const needsBook = told === undefined || fromEnvironment === undefined;
    const book = needsBook ? await profiles.read() : null;
    const url = told === undefined ? (book?.current ?? DEFAULT_SERVER) : serverAddress(told);
    const profile = book?.profiles[url] ?? null;
    if (fromEnvironment === undefined) return { url, profile, token: profile?.token ?? null };
    return { url, profile, token: new Secret(fromEnvironment) };
  }

  async function open(url: string, token?: Secret): Promise<Tessera> {
    const { Tessera } = await import('../client/index.ts');
    const waiting = `Waiting for ${url}`;
    const send: typeof fetch = (input, init) => {
      const answer = fetch(input, init);
      return io.errorIsTerminal ? withSpinner(io.stderr, waiting, answer) : answer;
    };
    return new Tessera({ url, token: token?.reveal(), fetch: send });
  }

  return {
    io,
    out,
    ask,
    profiles,
    target,
    open,
    completion,
    async tessera() {
      const { url, token } = await target();
      if (token === null)
        throw new CliError(`You are not logged in to ${url}.`, `Log in: tessera login ${url}`);
      return open(url, token);
    },
  };
}

/** Lets nothing be destroyed by a slip: asks on a terminal, and without one insists on `--yes`. */
export async function confirmed(context: Context, question: string, yes: boolean | undefined): Promise<void> {
  if (yes) return;
  if (context.ask === null)
    throw usageError('This wants a confirmation, and there is no terminal to ask on.', 'Add --yes.');
  if (!(await context.ask.confirm(question))) throw new CliError('Nothing was changed.');
}
