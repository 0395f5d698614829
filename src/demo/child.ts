import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';

/** A Tessera of its own, as `tessera serve` starts it. */
export interface ServerChild {
  /** Its address once it listens; a fault when it ended before that. */
  readonly listening: Promise<Result<string>>;
  /** Resolves when it has ended, whoever ended it. */
  readonly ended: Promise<void>;
  /** Also while it starts. */
  stop(): Promise<void>;
}

export interface ServeOptions {
  /** The program itself: what Node was started with. */
  readonly program: string;
  readonly folder: string;
  readonly port: number;
  /** Its environment, without settings of another installation. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly bootstrap: string;
}

const PATIENCE_MS = 5_000;

export function startServer(options: ServeOptions): ServerChild {
  const { program, folder, port, environment, bootstrap } = options;
  const own = Object.entries(environment).filter(([name]) => !/^(TESSERA|PROXMOX|UBUNTU)_/.test(name));
  const child = spawn(process.execPath, [program, 'serve', '--data-dir', folder, '--port', String(port)], {
    env: {
      ...Object.fromEntries(own),
      // The templates of the stand-in.
      UBUNTU_2204_TEMPLATE_ID: '9000',
      UBUNTU_2004_TEMPLATE_ID: '9001',
      TESSERA_BOOTSTRAP_TOKEN: bootstrap,
      TESSERA_LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close').then(() => {});
  let complaints = '';
  child.stderr.on('data', (chunk) => {
    complaints = (complaints + chunk).slice(-2000);
  });
  const listening = new Promise<Result<string>>((resolve) => {
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
      const [, address] = /is listening on (\S+)\n/.exec(said) ?? [];
      if (address !== undefined) resolve(ok(address));
    });
    void ended.then(() => {
      const reason = complaints.replace(/^error: /, '').trim() || 'it ended at once';
      resolve(err(fault('unavailable', `The server did not start: ${reason}`)));
    });
  });
  return { listening, ended, stop: () => stop(child, ended) };
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  await ended;
  clearTimeout(patience);
}
