import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { childrenOf } from './sockets.ts';

/** The core servers run on, and the one for everything that asks them. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

const TICKS_PER_SECOND = 100;

/** Puts this process, and all it starts from now on, on the load's core. Throws where that is impossible. */
export function takeLoadCore(): void {
  if (process.platform !== 'linux' || cpus().length < 2) {
    throw new Error('The measurements need Linux and two cores: one for the server, one for the load.');
  }
  moveTo(String(LOAD_CORE));
}

/** What is started meanwhile runs on every core, as it would for a person. */
export async function onAllCores<T>(start: () => Promise<T>): Promise<T> {
  moveTo(`0-${cpus().length - 1}`);
  try {
    return await start();
  } finally {
    moveTo(String(LOAD_CORE));
  }
}

function moveTo(cores: string): void {
  if (spawnSync('taskset', ['-acp', cores, String(process.pid)]).status !== 0)
    throw new Error('taskset (of util-linux) is needed to keep server and load apart.');
}

export const firstLine = (command: string, args: string[]): string | null => {
  const { stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  return error ? null : (`${stdout}${stderr}`.split('\n')[0] ?? null);
};

export function describeMachine(): string[] {
  const system = existsSync('/etc/os-release')
    ? (/^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux')
    : 'Linux';
  return [
    `${cpus().length} x ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    `${system}, kernel ${release()}`,
    `Node.js ${process.versions.node}, V8 ${process.versions.v8}`,
  ];
}

/** `wrk 4.1.0`, or null when it is not installed. */
export const wrkVersion = (): string | null => firstLine('wrk', ['-v'])?.match(/^wrk \S+/)?.[0] ?? null;

export interface CpuReading {
  readonly at: number;
  readonly busyTicks: number;
  readonly stolenTicks: number;
  readonly ownTicks: number;
}

/** What all cores did, and what of it was ours: this process and all that came from it, running or ended. */
export function readCpu(): CpuReading {
  const total = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? '';
  const [user = 0, nice = 0, system = 0, , , , , steal = 0] = total.split(/\s+/).slice(1).map(Number);
  return {
    at: performance.now(),
    busyTicks: user + nice + system,
    stolenTicks: steal,
    ownTicks: ticksOfFamily(process.pid),
  };
}

/** The time of those that ended stands in the books of their parents. */
function ticksOfFamily(pid: number): number {
  try {
    const descendants = childrenOf(pid).map(ticksOfFamily);
    return descendants.reduce((sum, ticks) => sum + ticks, ticksOf(pid, true));
  } catch {
    // Ended while we looked.
    return 0;
  }
}

function ticksOf(pid: number, withChildren: boolean): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15).map(Number);
  return user + system + (withChildren ? childUser + childSystem : 0);
}

/** Share of one core that others took between two readings. */
export function foreignShare(before: CpuReading, after: CpuReading): number {
  const ticks = ((after.at - before.at) / 1000) * TICKS_PER_SECOND;
  const others = after.busyTicks - before.busyTicks - (after.ownTicks - before.ownTicks);
  return (Math.max(0, others) + after.stolenTicks - before.stolenTicks) / ticks;
}

/** Milliseconds of processor time a process used so far, over all its threads. */
export function cpuMs(pid: number): number {
  return (ticksOf(pid, false) / TICKS_PER_SECOND) * 1000;
}
