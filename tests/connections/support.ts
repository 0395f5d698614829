import {
  type ForemanDouble,
  type ForemanDoubleOptions,
  startForemanDouble,
} from '../../src/doubles/foreman/double.ts';
import {
  type ProxmoxDouble,
  type ProxmoxDoubleOptions,
  startProxmoxDouble,
} from '../../src/doubles/proxmox/double.ts';
import { type Answer, startTestServer, type TestServer, type TestServerOptions } from '../support/server.ts';

const open: { close(): unknown }[] = [];

/** Closes everything a test opened; call it in afterEach. */
export async function closeAll(): Promise<void> {
  for (const each of open.splice(0).reverse()) await each.close();
}

export function later<T extends { close(): unknown }>(thing: T): T {
  open.push(thing);
  return thing;
}

/** A server whose clock can be moved. */
export interface Bench extends TestServer {
  /** Seconds to add to the real time. */
  pass(seconds: number): void;
  api(method: string, path: string, body?: unknown, token?: string): Promise<Answer>;
}

export async function bench(options: TestServerOptions = {}): Promise<Bench> {
  let offset = 0;
  const server = later(await startTestServer({ ...options, clock: () => Date.now() + offset * 1000 }));
  return {
    ...server,
    pass: (seconds) => {
      offset += seconds;
    },
    api: (method, path, body, token = server.admin) =>
      server.call(method, `/api/v1${path}`, { token, ...(body === undefined ? {} : { body }) }),
  };
}

export const proxmox = async (options: ProxmoxDoubleOptions = {}): Promise<ProxmoxDouble> =>
  later(await startProxmoxDouble({ delayScale: 0, cloneMs: 20, taskMs: 10, bootMs: 10, ...options }));

export const foreman = async (options: ForemanDoubleOptions = {}): Promise<ForemanDouble> =>
  later(await startForemanDouble(options));

export const pinned = (double: { readonly fingerprint: string }) => ({
  mode: 'pin',
  fingerprint: double.fingerprint,
});

/** The double as the connection `pve`, with the token that may make machines. */
export const proxmoxAsPve = (double: ProxmoxDouble) => ({
  name: 'pve',
  kind: 'proxmox',
  url: double.url,
  trust: pinned(double),
  credential: { secret: double.credentials.flowToken.full },
});
