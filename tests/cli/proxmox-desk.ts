import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ProxmoxDouble,
  type ProxmoxDoubleOptions,
  startProxmoxDouble,
} from '../../src/doubles/proxmox/double.ts';
import { type Circumstances, type Desk, type Outcome, openDesk } from './harness.ts';

/** A stand-in for Proxmox VE, and a folder in which somebody works with it. */
export interface ProxmoxDesk {
  readonly double: ProxmoxDouble;
  readonly desk: Desk;
  readonly folder: string;
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly ca: string;
  run(argv: readonly string[], circumstances?: Circumstances): Promise<Outcome>;
  file(name: string, text: string, mode?: number): Promise<string>;
  read(name: string): Promise<string>;
  mode(name: string): Promise<number>;
  close(): Promise<void>;
}

export async function proxmoxDesk(options: ProxmoxDoubleOptions = {}): Promise<ProxmoxDesk> {
  const double = await startProxmoxDouble({ delayScale: 0, cloneMs: 20, taskMs: 10, bootMs: 10, ...options });
  const desk = await openDesk();
  const folder = await mkdtemp(join(tmpdir(), 'tessera-proxmox-'));
  const before = process.cwd();
  process.chdir(folder);
  const file = async (name: string, text: string, mode = 0o600): Promise<string> => {
    await writeFile(join(folder, name), text);
    await chmod(join(folder, name), mode);
    return join(folder, name);
  };
  const ca = await file('ca.pem', double.ca);
  return {
    double,
    desk,
    folder,
    host: `127.0.0.1:${double.port}`,
    ca,
    file,
    run: (argv, circumstances = {}) => desk.run(argv, { now: new Date().toISOString(), ...circumstances }),
    read: (name) => readFile(join(folder, name), 'utf8'),
    mode: async (name) => (await stat(join(folder, name))).mode & 0o777,
    close: async () => {
      process.chdir(before);
      await double.close();
      await desk.clear();
      await rm(folder, { recursive: true });
    },
  };
}
