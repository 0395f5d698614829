import { expect } from 'vitest';
import type { ProxmoxDouble, ProxmoxDoubleOptions } from '../../src/doubles/proxmox/double.ts';
import { bench, proxmox, proxmoxAsPve } from '../connections/support.ts';
import type { EngineName } from '../support/database.ts';

const TEMPLATES = { UBUNTU_2204_TEMPLATE_ID: '9000', UBUNTU_2004_TEMPLATE_ID: '9001' };

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
    for (let turn = 0; turn < 800; turn += 1) {
      const job = (await server.api('GET', `/jobs/${id}`)).json;
      if (holds(job)) return job;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('the job did not get there');
  };
  return {
    double,
    server,
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
export const count = (double: ProxmoxDouble) => double.cluster.guests.size;
