import { usageError } from '../failure.ts';

/** Codes are checked by the double itself, which knows its own. */
export interface Options {
  readonly system: 'proxmox' | 'foreman';
  readonly port?: string;
  readonly release?: string[];
  readonly fault?: string[];
  readonly http?: boolean;
}

export async function run(options: Options): Promise<void> {
  const { system, port = '0', release = [], fault = [], http = false } = options;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw usageError(`--port: '${port}' is not a port.`, 'Write a number from 0 to 65535.');
  const { runDouble } = await import('../../doubles/run.ts');
  const outcome = await runDouble(system, { port: Number(port), release, fault, http });
  if (!outcome.ok) throw usageError(outcome.error.message, outcome.error.fix);
}
