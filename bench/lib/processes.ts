import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SERVER_CORE } from './machine.ts';
import { childrenOf } from './sockets.ts';

export const ROOT = resolve(fileURLToPath(import.meta.url), '../../..');
export const PROGRAM = resolve(ROOT, 'dist/cli/main.js');
export const OBSERVER = resolve(ROOT, 'bench/hooks/observe.mjs');

export interface ServerProcess {
  readonly pid: number;
  readonly url: string;
  readonly port: number;
  /** What it wrote until it listened. */
  readonly greeting: string;
  /** Asks the observer loaded with it, if there is one. */
  ask(question: 'statements' | 'memory'): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

const running = new Set<ServerProcess>();

/** Runs `node` with these arguments on the server's core; ready when its output says that it is listening. */
export async function startNode(
  args: readonly string[],
  port: number,
  environment: Readonly<Record<string, string>> = {},
  core = SERVER_CORE,
): Promise<ServerProcess> {
  const child = spawn('taskset', ['-c', String(core), process.execPath, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  return kept(child, port, await untilListening(child));
}

/** Runs another program on a core; ready when its port takes connections. */
export async function startProgram(
  command: string,
  args: readonly string[],
  port: number,
  core: number,
): Promise<ServerProcess> {
  const child = spawn('taskset', ['-c', String(core), command, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await untilConnectable(child, port);
  return kept(child, port, '');
}

function kept(child: ChildProcess, port: number, greeting: string): ServerProcess {
  const server: ServerProcess = {
    pid: child.pid ?? 0,
    port,
    url: `http://127.0.0.1:${port}`,
    greeting,
    async ask(question) {
      const answered = once(child, 'message');
      child.send({ question });
      const [answer] = await answered;
      return answer as Record<string, unknown>;
    },
    async stop() {
      running.delete(server);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const impatience = setTimeout(() => {
        console.error(`  process ${server.pid} did not stop within ten seconds and was killed`);
        for (const pid of [...childrenOf(server.pid), server.pid]) process.kill(pid, 'SIGKILL');
      }, 10_000);
      await ended;
      clearTimeout(impatience);
    },
  };
  running.add(server);
  return server;
}

async function untilConnectable(child: ChildProcess, port: number): Promise<void> {
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors = (errors + chunk).slice(-2000);
  });
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} ended: ${errors}`);
    const socket = connect(port, '127.0.0.1');
    const reached = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (reached) return;
    await sleep(50);
  }
  throw new Error(`Nothing listens on port ${port}: ${errors}`);
}

function untilListening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    let errors = '';
    child.stderr?.on('data', (chunk) => {
      errors = (errors + chunk).slice(-2000);
    });
    child.stdout?.on('data', (chunk) => {
      text += chunk;
      if (text.includes('is listening') && text.endsWith('\n')) resolve(text);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The server ended with ${code}: ${errors}`)));
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

export async function stopEverything(): Promise<void> {
  await Promise.all([...running].map((server) => server.stop()));
}
