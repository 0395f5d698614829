import { ok, type Result } from '../../base/result.ts';
import { asRecord, asRecords, asText, type JsonRecord } from '../json.ts';
import { type CallFault, type Parameters, type ProxmoxApi, path } from './api.ts';

/** Calls on one guest. Each returns what the server said; nothing waits here. */

type Answer<T> = Promise<Result<T, CallFault>>;

export async function nextGuestId(api: ProxmoxApi): Answer<number> {
  const answer = await api.get('/cluster/nextid');
  return answer.ok ? ok(Number(asText(answer.value))) : answer;
}

/** Its options, or null where no such guest lies on the node. */
export async function guestConfig(api: ProxmoxApi, node: string, id: number): Answer<JsonRecord | null> {
  const answer = await api.get(path`/nodes/${node}/qemu/${id}/config`);
  if (answer.ok) return ok(asRecord(answer.value));
  return /Configuration file '[^']*' does not exist/.test(answer.error.text) ? ok(null) : answer;
}

/** The node it lies on, or null where no guest of that id can be seen anywhere in the cluster. */
export async function nodeOfGuest(api: ProxmoxApi, id: number): Answer<string | null> {
  const answer = await api.get('/cluster/resources', { type: 'vm' });
  if (!answer.ok) return answer;
  const row = asRecords(answer.value).find((each) => Number(each.vmid) === id);
  return ok(asText(row?.node) || null);
}

export async function guestIsRunning(api: ProxmoxApi, node: string, id: number): Answer<boolean> {
  const answer = await api.get(path`/nodes/${node}/qemu/${id}/status/current`);
  return answer.ok ? ok(asText(asRecord(answer.value).status) === 'running') : answer;
}

const task = async (answer: ReturnType<ProxmoxApi['get']>): Answer<string | null> => {
  const done = await answer;
  return done.ok ? ok(asText(done.value) || null) : done;
};

/** A full clone; the guest stays locked until the task has ended. */
export const cloneGuest = (api: ProxmoxApi, node: string, template: number, form: Parameters) =>
  task(api.post(path`/nodes/${node}/qemu/${template}/clone`, { ...form, full: true }));

export const configureGuest = (api: ProxmoxApi, node: string, id: number, options: Parameters) =>
  api.put(path`/nodes/${node}/qemu/${id}/config`, options);

/** Null where the release does it at once. */
export const resizeDisk = (api: ProxmoxApi, node: string, id: number, disk: string, gib: number) =>
  task(api.put(path`/nodes/${node}/qemu/${id}/resize`, { disk, size: `${gib}G` }));

export const switchGuest = (api: ProxmoxApi, node: string, id: number, to: 'start' | 'stop' | 'shutdown') =>
  task(api.post(`${path`/nodes/${node}/qemu/${id}/status/`}${to}`));

export const destroyGuest = (api: ProxmoxApi, node: string, id: number) =>
  task(api.delete(path`/nodes/${node}/qemu/${id}`, { purge: true, 'destroy-unreferenced-disks': true }));

export type TaskEnd =
  | { readonly ended: false }
  | { readonly ended: true; readonly said: string; readonly log: string[] };

/** `said` is empty after success; warnings count as success. */
export async function taskEnd(api: ProxmoxApi, upid: string): Answer<TaskEnd> {
  const node = upid.split(':')[1] ?? '';
  const status = await api.get(path`/nodes/${node}/tasks/${upid}/status`);
  // Right after its start a task may be unknown for a moment.
  if (!status.ok) return /no such task/.test(status.error.errors.upid ?? '') ? ok({ ended: false }) : status;
  const facts = asRecord(status.value);
  if (asText(facts.status) !== 'stopped') return ok({ ended: false });
  const said = asText(facts.exitstatus);
  if (said === 'OK' || /^WARNINGS: \d+$/.test(said)) return ok({ ended: true, said: '', log: [] });
  const log = await api.get(path`/nodes/${node}/tasks/${upid}/log`, { limit: 500 });
  return ok({ ended: true, said, log: log.ok ? asRecords(log.value).map((row) => asText(row.t)) : [] });
}

/**
 * The address of the guest's own card: the one with the hardware address of `net0`, never a container bridge.
 * Null while it has none.
 */
export async function guestAddress(
  api: ProxmoxApi,
  node: string,
  id: number,
  mac: string,
): Answer<string | null> {
  const answer = await api.get(path`/nodes/${node}/qemu/${id}/agent/network-get-interfaces`);
  if (!answer.ok) return answer;
  const own = asRecords(asRecord(answer.value).result).find(
    (row) => asText(row['hardware-address']).toLowerCase() === mac.toLowerCase(),
  );
  const addresses = asRecords(own?.['ip-addresses']);
  const usable = (type: string, local: RegExp): string | undefined =>
    addresses
      .filter((row) => asText(row['ip-address-type']) === type)
      .map((row) => asText(row['ip-address']))
      .find((text) => text !== '' && !local.test(text));
  return ok(usable('ipv4', /^(127|169\.254)\./) ?? usable('ipv6', /^(fe[89ab]|::1$)/i) ?? null);
}

/** The server wants the keys percent-encoded inside the form value, so they are encoded twice on the wire. */
export const encodedKeys = (keys: readonly string[]): string => encodeURIComponent(keys.join('\n'));

export const macOf = (net: string): string => /^[^=,]+=([0-9A-Fa-f:]{17})/.exec(net)?.[1] ?? '';

/** The same card on another bridge. */
export const onBridge = (net: string, bridge: string): string =>
  /(^|,)bridge=/.test(net)
    ? net.replace(/(^|,)bridge=[^,]+/, `$1bridge=${bridge}`)
    : `${net},bridge=${bridge}`;

/** Name of the boot disk, and its size in GiB. */
export function bootDisk(config: JsonRecord): { readonly name: string; readonly gib: number } | null {
  const order = /order=([^,]+)/.exec(asText(config.boot))?.[1]?.split(';') ?? [];
  const names = [...order, ...Object.keys(config).sort()];
  const name = names.find(
    (key) =>
      /^(scsi|virtio|sata|ide)\d+$/.test(key) && !/media=cdrom|cloudinit|^none|^$/.test(asText(config[key])),
  );
  if (name === undefined) return null;
  const [, number = '0', unit = ''] = /(?:^|,)size=(\d+(?:\.\d+)?)([KMGT]?)/.exec(asText(config[name])) ?? [];
  const factor = { '': 1 / 1024 ** 3, K: 1 / 1024 ** 2, M: 1 / 1024, G: 1, T: 1024 }[unit] ?? 1;
  return { name, gib: Number(number) * factor };
}
