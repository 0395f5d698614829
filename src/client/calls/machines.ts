import type {
  CreateMachine,
  Job,
  JobList,
  MachineSettings,
  MachineStray,
  MachineStrays,
} from '../../wire/machines.ts';
import { segment } from '../pages.ts';
import type { Transport } from '../transport.ts';

/** Looking at everything first, stopping and deleting take their time. */
const PATIENCE = { timeoutMs: 240_000 };
const LOOK_MS = 500;

export function machineCalls(transport: Transport) {
  /** @param key name, or id of the job */
  const at = (key: string) => `/api/v1/machines/${segment(key)}`;
  return {
    create: (request: CreateMachine) =>
      transport.call<Job>('POST', '/api/v1/machines', { json: request, ...PATIENCE }),
    list: () => transport.call<JobList>('GET', '/api/v1/machines'),
    settings: () => transport.call<MachineSettings>('GET', '/api/v1/machine-settings'),
    get: (key: string) => transport.call<Job>('GET', at(key)),
    start: (key: string) => transport.call<Job>('POST', `${at(key)}/start`, PATIENCE),
    stop: (key: string) => transport.call<Job>('POST', `${at(key)}/stop`, PATIENCE),
    delete: (key: string) => transport.call<Job>('DELETE', at(key), PATIENCE),
  };
}

export function jobCalls(transport: Transport) {
  const at = (id: string) => `/api/v1/jobs/${segment(id)}`;
  const get = (id: string) => transport.call<Job>('GET', at(id));
  return {
    list: (limit?: number) => transport.call<JobList>('GET', '/api/v1/jobs', { query: { limit } }),
    get,
    cancel: (id: string) => transport.call<Job>('POST', `${at(id)}/cancel`),
    retry: (id: string) => transport.call<Job>('POST', `${at(id)}/retry`, PATIENCE),
    /** The job as it is, and again whenever it has moved, until it has ended or the signal says to stop looking. */
    async *follow(id: string, signal?: AbortSignal): AsyncGenerator<Job, void, void> {
      for (let seen = -1; signal?.aborted !== true; ) {
        const job = await get(id);
        if (job.steps.length !== seen || job.ended) yield job;
        if (job.ended) return;
        seen = job.steps.length;
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    },
  };
}

export function strayCalls(transport: Transport) {
  return {
    /** Guests that no job counts as its machine, at all connections. */
    list: () => transport.call<MachineStrays>('GET', '/api/v1/strays', PATIENCE),
    delete: (connection: string, vmid: number) =>
      transport.call<MachineStray>(
        'DELETE',
        `/api/v1/strays/${segment(connection)}/${segment(String(vmid))}`,
        PATIENCE,
      ),
  };
}
