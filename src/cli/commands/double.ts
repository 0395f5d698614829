import { usageError } from '../failure.ts';

export interface Options {
  readonly system: 'proxmox' | 'foreman';
  readonly port?: string;
  readonly release?: string[];
  readonly fault?: string[];
  readonly http?: boolean;
}

export async function run(options: Options): Promise<unknown> {
  const { system, port = '0', release = [], fault = [], http = false } = options;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw usageError(`--port: '${port}' is not a port.`, 'Write a number from 0 to 65535.');
  const { runDouble } = await import('../../doubles/run.ts');
  return runDouble(system, { port: Number(port), release, fault, http });
}
