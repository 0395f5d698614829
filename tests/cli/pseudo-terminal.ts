import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { quoteShell } from '../../src/local/shell.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const LOADER = import.meta.resolve('tsx');
const FROM_SOURCE = [process.execPath, '--import', LOADER, MAIN];
const PATIENCE_MS = 30_000;

/** The command line on a real pseudo-terminal, with somebody who reads and types. */
export interface Terminal {
  /** Waits for a text to come up after everything that was waited for before. */
  sees(text: string | RegExp): Promise<void>;
  /** Waits for a question and types the answer. */
  answers(question: string | RegExp, answer: string): Promise<void>;
  /** Everything shown so far, without colours and movements of the cursor. */
  shown(): string;
  /** Every byte that came over the line. */
  raw(): string;
  /** Presses these keys. */
  types(keys: string): void;
  /** Presses Ctrl-C. */
  interrupt(): void;
  ended(): Promise<number>;
  stop(): void;
}

/** What gives a pseudo-terminal here: util-linux `script`, else Python. With neither, nothing is proven. */
function behindPty(command: readonly string[]): readonly [string, readonly string[]] {
  // A pseudo-terminal of a pipe has no size of its own.
  const line = `stty cols 80 rows 50 && exec ${command.map(quoteShell).join(' ')}`;
  if (spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux'))
    return ['script', ['--quiet', '--flush', '--return', '--command', line, '/dev/null']];
  const python = 'import pty,sys,os; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';
  if (spawnSync('python3', ['-c', 'import pty']).status === 0)
    return ['python3', ['-c', python, 'sh', '-c', line]];
  throw new Error('There is neither util-linux script nor Python here: no pseudo-terminal to test on.');
}

export function openTerminal(
  argv: readonly string[],
  folder: string,
  environment: Readonly<Record<string, string>> = {},
  command: readonly string[] = FROM_SOURCE,
): Terminal {
  const [program, words] = behindPty([...command, ...argv]);
  const child: ChildProcess = spawn(program, words, {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', HOME: folder, TERM: 'xterm', SHELL: '/bin/sh', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let raw = '';
  let at = 0;
  const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
  child.stdout?.on('data', (part: Buffer) => {
    raw += part.toString('utf8');
  });
  const shown = () => plain(raw);

  async function sees(text: string | RegExp): Promise<void> {
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const rest = shown().slice(at);
      const found = typeof text === 'string' ? rest.indexOf(text) : rest.search(text);
      if (found >= 0) {
        at += found + (typeof text === 'string' ? text.length : 1);
        return;
      }
      if (Date.now() > until || child.exitCode !== null)
        throw new Error(`never saw ${text}; the screen says:\n${shown().slice(-3000)}`);
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  }

  return {
    sees,
    shown,
    raw: () => raw,
    types: (keys) => void child.stdin?.write(keys),
    interrupt: () => void child.stdin?.write('\u0003'),
    ended: () => ended,
    stop: () => void child.kill('SIGKILL'),
    async answers(question, answer) {
      await sees(question);
      child.stdin?.write(`${answer}\r`);
    },
  };
}

/** Without escape sequences; folded lines stay folded. */
const plain = (text: string): string =>
  text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replace(/\u001b[()][A-Z0-9]/g, '');
