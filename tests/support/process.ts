import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const PROGRAM = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  output(): { stdout: string; stderr: string };
  /** Resolves when standard output holds the text; rejects when the program ends first. */
  says(text: string | RegExp): Promise<string>;
  finished: Promise<Finished>;
}

/** Starts the built program as a user would, with nothing of our environment but the path. */
export function tessera(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  stdin = '',
): Running {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    for (const look of waiting) look();
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  const finished = once(child, 'close').then(
    ([code, signal]) => ({ code, signal, stdout, stderr }) as Finished,
  );
  return {
    child,
    output: () => ({ stdout, stderr }),
    finished,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = typeof text === 'string' ? stdout.includes(text) : text.test(stdout);
          if (!found) return;
          waiting.delete(look);
          resolve(stdout);
        };
        waiting.add(look);
        look();
        void finished.then(({ code }) =>
          reject(new Error(`ended with ${code} before it said ${text}: ${stderr}`)),
        );
      }),
  };
}
