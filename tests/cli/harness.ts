import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { Secret } from '../../src/base/secret.ts';
import type { Io } from '../../src/cli/io.ts';
import { openProfiles } from '../../src/cli/profiles.ts';
import type { Prompter } from '../../src/cli/prompts.ts';
import { runCli } from '../../src/cli/run.ts';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Circumstances {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Answers to the questions, in their order; given, somebody sits at a terminal. */
  readonly answers?: readonly (string | boolean)[];
  readonly outputIsTerminal?: boolean;
  readonly now?: string;
  readonly columns?: number;
  readonly signal?: AbortSignal;
  /** Sees standard output as it comes. */
  readonly onOutput?: (text: string) => void;
}

export interface Desk {
  /** The person's own folder; `.config/tessera` is below it. */
  readonly home: string;
  readonly profileFile: string;
  run(argv: readonly string[], circumstances?: Circumstances): Promise<Outcome>;
  /** As after a login. */
  logIn(url: string, kind?: 'session' | 'token'): Promise<void>;
  /** Questions asked so far. */
  readonly asked: string[];
  clear(): Promise<void>;
}

export const NOW = '2026-11-22T21:00:00Z';
export const KEPT_TOKEN = 'tsr-kept-canary';

/** A person's folder and the command line run in it, in this process. */
export async function openDesk(): Promise<Desk> {
  const home = await mkdtemp(join(tmpdir(), 'tessera-cli-'));
  const profiles = openProfiles({}, home);
  const asked: string[] = [];
  return {
    home,
    profileFile: profiles.file,
    asked,
    async run(argv, circumstances = {}) {
      const stdout = collect(circumstances.onOutput);
      const stderr = collect();
      const { answers } = circumstances;
      const io: Io = {
        stdin: Readable.from(circumstances.stdin === undefined ? [] : [Buffer.from(circumstances.stdin)]),
        stdout: stdout.stream,
        stderr: stderr.stream,
        env: circumstances.env ?? {},
        home,
        clock: () => Date.parse(circumstances.now ?? NOW),
        inputIsTerminal: answers !== undefined,
        outputIsTerminal: circumstances.outputIsTerminal ?? false,
        errorIsTerminal: answers !== undefined,
        columns: circumstances.columns ?? 80,
        signal: circumstances.signal ?? new AbortController().signal,
        ...(answers === undefined ? {} : { prompter: scripted(answers, asked) }),
      };
      const code = await runCli(argv, io);
      return { code, stdout: stdout.text(), stderr: stderr.text() };
    },
    logIn: (url, kind = 'session') =>
      profiles.remember(url, { username: 'alice', kind, token: new Secret(KEPT_TOKEN), expiresAt: null }),
    clear: () => rm(home, { recursive: true, force: true }),
  };
}

function collect(onText: (text: string) => void = () => {}): { stream: PassThrough; text: () => string } {
  const parts: string[] = [];
  const stream = new PassThrough();
  stream.on('data', (part: Buffer) => {
    parts.push(part.toString('utf8'));
    onText(part.toString('utf8'));
  });
  return { stream, text: () => parts.join('') };
}

function scripted(answers: readonly (string | boolean)[], asked: string[]): Prompter {
  const left = [...answers];
  const next = (message: string) => {
    asked.push(message);
    const answer = left.shift();
    if (answer === undefined) throw new Error(`unexpected question: ${message}`);
    return answer;
  };
  return {
    text: async (message) => String(next(message)),
    hidden: async (message) => String(next(message)),
    confirm: async (message) => next(message) === true,
  };
}
