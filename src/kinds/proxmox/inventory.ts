import { ok, type Result } from '../../base/result.ts';
import { asFlag, asNumber, asRecord, asRecords, asText, type JsonRecord } from '../json.ts';
import { type CallFault, type ProxmoxApi, path } from './api.ts';

export interface NodeFacts {
  readonly name: string;
  /** `online`, `offline`, `unknown` */
  readonly status: string;
}

export interface GuestFacts {
  readonly id: number;
  readonly name: string;
  readonly node: string;
  readonly type: 'qemu' | 'lxc';
  /** `running`, `stopped`; `unknown` while its node does not answer. */
  readonly status: string;
  readonly template: boolean;
  readonly lock: string;
  readonly tags: string;
}

export interface TemplateFacts extends GuestFacts {
  readonly cloudInit: boolean;
  readonly agent: boolean;
  readonly osType: string;
  /** Storage of the boot disk, empty where it has none. */
  readonly storage: string;
  /** Bridge of the first network device. */
  readonly bridge: string;
  /** GiB of the boot disk. */
  readonly diskGib?: number;
}

export interface StorageFacts {
  readonly name: string;
  readonly type: string;
  readonly content: readonly string[];
  readonly active: boolean;
  readonly enabled: boolean;
  readonly shared: boolean;
  readonly availableBytes?: number;
}

export async function readNodes(api: ProxmoxApi): Promise<Result<readonly NodeFacts[], CallFault>> {
  const answer = await api.get('/nodes');
  if (!answer.ok) return answer;
  const nodes = asRecords(answer.value).map((row) => ({
    name: asText(row.node),
    status: asText(row.status),
  }));
  return ok(nodes.sort((a, b) => a.name.localeCompare(b.name)));
}

/** Guests of the whole cluster that this credential may see; the list is shorter, never refused. */
export async function readGuests(api: ProxmoxApi): Promise<Result<readonly GuestFacts[], CallFault>> {
  const answer = await api.get('/cluster/resources', { type: 'vm' });
  if (!answer.ok) return answer;
  return ok(
    asRecords(answer.value)
      .map(guestFacts)
      .sort((a, b) => a.id - b.id),
  );
}

const guestFacts = (row: JsonRecord): GuestFacts => ({
  id: asNumber(row.vmid) ?? 0,
  name: asText(row.name),
  node: asText(row.node),
  type: asText(row.type) === 'lxc' ? 'lxc' : 'qemu',
  status: asText(row.status),
  template: asFlag(row.template),
  lock: asText(row.lock),
  tags: asText(row.tags),
});

/** Guests as above, by their ids, with what their nodes reported; of a node that is off nothing counts. */
export async function readReports(
  api: ProxmoxApi,
): Promise<Result<ReadonlyMap<number, GuestFacts>, CallFault>> {
  const answer = await api.get('/cluster/resources');
  if (!answer.ok) return answer;
  const rows = asRecords(answer.value);
  const nodes = rows.filter(({ type }) => type === 'node');
  const off = new Set(nodes.filter(({ status }) => status !== 'online').map(({ node }) => asText(node)));
  const guests = rows.filter(({ type }) => type === 'qemu' || type === 'lxc').map(guestFacts);
  return ok(
    new Map(guests.map((guest) => [guest.id, off.has(guest.node) ? { ...guest, status: 'unknown' } : guest])),
  );
}

/** What a template's configuration says about cloning it with settings. */
export async function readTemplate(
  api: ProxmoxApi,
  guest: GuestFacts,
): Promise<Result<TemplateFacts, CallFault>> {
  const answer = await api.get(path`/nodes/${guest.node}/qemu/${guest.id}/config`);
  return answer.ok ? ok(templateFacts(guest, asRecord(answer.value))) : answer;
}

export function templateFacts(guest: GuestFacts, config: JsonRecord): TemplateFacts {
  const isDrive = (key: string): boolean => /^(ide|sata|scsi|virtio)\d+$/.test(key);
  const drives = Object.entries(config).filter(([key]) => isDrive(key));
  const order = /order=([^,]+)/.exec(asText(config.boot))?.[1]?.split(';') ?? [];
  const isDisk = (value: string): boolean => !/media=cdrom|cloudinit|^none/.test(value);
  const boot =
    order
      .filter(isDrive)
      .map((name) => [name, asText(config[name])] as const)
      .find(([, value]) => value !== '' && isDisk(value)) ??
    drives.map(([name, value]) => [name, asText(value)] as const).find(([, value]) => isDisk(value));
  const diskGib = sizeGib(/(?:^|,)size=([^,]+)/.exec(boot?.[1] ?? '')?.[1] ?? '');
  const net = Object.entries(config).find(([key]) => /^net\d+$/.test(key));
  return {
    ...guest,
    name: guest.name || asText(config.name),
    template: asFlag(config.template),
    lock: asText(config.lock),
    cloudInit: drives.some(([, value]) => /(^|[:/-])[^,]*cloudinit(\.\w+)?(,|$)/.test(asText(value))),
    agent: /^(1|enabled=1)(,|$)|,enabled=1(,|$)/.test(asText(config.agent)),
    osType: asText(config.ostype),
    storage: (boot?.[1] ?? '').split(':')[0] ?? '',
    bridge: /bridge=([^,]+)/.exec(asText(net?.[1]))?.[1] ?? '',
    ...(diskGib === undefined ? {} : { diskGib }),
  };
}

/** `32G`, `2252M`, `1T` as GiB. */
function sizeGib(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(text);
  if (match === null) return undefined;
  const factor = { '': 1 / 1024 ** 3, K: 1 / 1024 ** 2, M: 1 / 1024, G: 1, T: 1024 }[match[2] ?? ''] ?? 1;
  return Number(match[1]) * factor;
}

export async function readStorages(
  api: ProxmoxApi,
  node: string,
): Promise<Result<readonly StorageFacts[], CallFault>> {
  const answer = await api.get(path`/nodes/${node}/storage`);
  if (!answer.ok) return answer;
  return ok(
    asRecords(answer.value).map((row) => {
      const available = asNumber(row.avail);
      return {
        name: asText(row.storage),
        type: asText(row.type),
        content: asText(row.content).split(',').filter(Boolean),
        active: row.active === undefined || asFlag(row.active),
        enabled: row.enabled === undefined || asFlag(row.enabled),
        shared: asFlag(row.shared),
        ...(available === undefined ? {} : { availableBytes: available }),
      };
    }),
  );
}

export async function readBridges(
  api: ProxmoxApi,
  node: string,
): Promise<Result<readonly string[], CallFault>> {
  const answer = await api.get(path`/nodes/${node}/network`, { type: 'any_bridge' });
  return answer.ok ? ok(asRecords(answer.value).map((row) => asText(row.iface))) : answer;
}
