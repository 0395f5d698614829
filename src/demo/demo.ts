import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ok, type Result } from '../base/result.ts';
import { Tessera } from '../client/index.ts';
import { startForemanDouble } from '../doubles/foreman/double.ts';
import { startProxmoxDouble } from '../doubles/proxmox/double.ts';
import { startServer } from './child.ts';
import type { Shown } from './screen.ts';
import { seed } from './seed.ts';
import { startService } from './service.ts';

export interface DemoOptions {
  /** 0 asks the system for a free one. */
  readonly port: number;
  readonly program: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Told what goes on until it runs. */
  readonly step: (text: string) => void;
  /** Ends it, also while it starts. */
  readonly stopped: Promise<void>;
  /** Told once everything is there. */
  readonly ready: (shown: Shown) => void;
}

type Undo = () => Promise<unknown>;

const password = (): string => randomBytes(9).toString('base64url');

/**
 * Tessera in a folder of its own beside stand-ins for Proxmox and Foreman, with sample data, until it is stopped.
 * The value is false when the server ended by itself.
 */
export async function runDemo(options: DemoOptions): Promise<Result<boolean>> {
  const undo: Undo[] = [];
  let over = false;
  const running = run(options, (...more) => {
    undo.push(...more);
    if (over) throw new Error('stopped while it started');
  });
  try {
    return await Promise.race([options.stopped.then(() => ok(true)), running]);
  } finally {
    over = true;
    while (undo.length > 0) await undo.pop()?.();
    // What was being made at this moment is made, or fails for want of what was taken away, and is undone too.
    await running.catch(() => {});
    while (undo.length > 0) await undo.pop()?.();
  }
}

/** @param keep is told how to take away what was just made */
async function run(options: DemoOptions, keep: (...undo: Undo[]) => void): Promise<Result<boolean>> {
  const { step, port, program, environment } = options;
  step('stand-ins for Proxmox and Foreman');
  const [proxmox, foreman, service] = await Promise.all([
    startProxmoxDouble(),
    startForemanDouble(),
    startService(),
  ]);
  keep(proxmox.close, foreman.close, service.close);

  step('a server in a folder of its own');
  const folder = await mkdtemp(join(tmpdir(), 'tessera-demo-'));
  keep(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  const part = () => randomBytes(16).toString('base64url');
  const bootstrap = `gt-${part()}.${part()}`;
  const server = startServer({ program, folder, port, environment, bootstrap });
  keep(server.stop);
  const listening = await server.listening;
  if (!listening.ok) return listening;

  const url = listening.value;
  const adminPassword = password();
  const alicePassword = password();
  const session = await new Tessera({ url }).setup.firstAdministrator(bootstrap, {
    username: 'admin',
    password: adminPassword,
    name: 'Ada Example',
  });
  const open = (token: string) => new Tessera({ url, token });
  const { labToken } = await seed(open(session.token ?? ''), {
    url,
    open,
    proxmox,
    foreman,
    serviceUrl: service.url,
    alicePassword,
    step,
  });
  const labTokenFile = join(folder, 'lab.token');
  await writeFile(labTokenFile, labToken, { mode: 0o600 });
  options.ready({ url, adminPassword, alicePassword, labTokenFile });
  await server.ended;
  return ok(false);
}
