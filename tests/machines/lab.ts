import { expect } from 'vitest';
import type { ProxmoxDouble, ProxmoxDoubleOptions } from '../../src/doubles/proxmox/double.ts';
import type { ProxmoxFault } from '../../src/doubles/proxmox/faults.ts';
import { bench, proxmox, proxmoxAsPve } from '../connections/support.ts';
import type { EngineName } from '../support/database.ts';

const TEMPLATES = { UBUNTU_2204_TEMPLATE_ID: '9000', UBUNTU_2004_TEMPLATE_ID: '9001' };

const LONGER_THAN_A_LOOK_COUNTS_S = 3;

export type Lab = Awaited<ReturnType<typeof lab>>;

/** A server with a connection to a double, and the call of the guide. */
export async function lab(engine: EngineName, options: ProxmoxDoubleOptions = {}, environment = {}) {
  const double = await proxmox(options);
  const server = await bench({
    engine,
    environment: { ...TEMPLATES, TESSERA_MACHINE_ADDRESS_WAIT: '2s', ...environment },
  });
  const made = await server.api('POST', '/connections', proxmoxAsPve(double));
  expect(made.status, made.text).toBe(201);
  // biome-ignore lint/suspicious/noExplicitAny: tests look into jobs of every shape
  const until = async (id: string, holds: (job: any) => boolean): Promise<any> => {
    for (let turn = 0; turn < 2000; turn += 1) {
      const job = (await server.api('GET', `/jobs/${id}`)).json;
      if (holds(job)) return job;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error('the job did not get there');
  };
  const durations = { ...double.cluster.durations };
  return {
    double,
    server,
    /** Takes back what a test asked of the double, and makes the server look at everything anew. */
    async afresh() {
      double.calm();
      Object.assign(double.cluster.durations, durations);
      for (const fault of double.cluster.faults) await double.setFault(fault as ProxmoxFault, false);
      server.pass(LONGER_THAN_A_LOOK_COUNTS_S);
    },
    create: (body: object, headers = {}) =>
      server.call('POST', '/api/agents/ubuntu/create', { token: server.admin, body, headers }),
    until,
    ended: (id: string) => until(id, (job) => job.ended),
  };
}

export const ours = (double: ProxmoxDouble) =>
  [...double.cluster.guests.values()].filter((guest) =>
    guest.config.get('description')?.includes('tessera-job-'),
  );
export const called = (double: ProxmoxDouble, name: string) =>
  [...double.cluster.guests.values()].filter((guest) => guest.config.get('name') === name);
export const count = (double: ProxmoxDouble) => double.cluster.guests.size;
/** So that many machines fit on it. */
export function enlargeStorage(double: ProxmoxDouble): void {
  const storage = double.cluster.storages.get('local-lvm');
  if (storage !== undefined) Object.assign(storage, { total: storage.total * 100 });
}
