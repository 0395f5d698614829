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
import { later } from './later.ts';

/** A double without the delays of the real system; closed by `closeAll`. */
export const proxmox = async (options: ProxmoxDoubleOptions = {}): Promise<ProxmoxDouble> =>
  later(await startProxmoxDouble({ delayScale: 0, cloneMs: 20, taskMs: 10, bootMs: 10, ...options }));

export const foreman = async (options: ForemanDoubleOptions = {}): Promise<ForemanDouble> =>
  later(await startForemanDouble(options));

export const pinned = (double: { readonly fingerprint: string }) => ({
  mode: 'pin',
  fingerprint: double.fingerprint,
});

/** What a test of a connection to the double takes: where it is, and the token that may make machines. */
export const proxmoxTarget = (double: ProxmoxDouble) => ({
  kind: 'proxmox',
  url: double.url,
  trust: pinned(double),
  credential: { secret: double.credentials.flowToken.full },
});

/** The double as a connection of that name. */
export const proxmoxAs = (name: string, double: ProxmoxDouble) => ({ name, ...proxmoxTarget(double) });

export const proxmoxAsPve = (double: ProxmoxDouble) => proxmoxAs('pve', double);
