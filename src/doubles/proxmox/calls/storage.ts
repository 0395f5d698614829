import { STORAGE_FIELD } from '../formats.ts';
import { died } from '../refusal.ts';
import { holdsAny } from '../rights/acl.ts';
import { ANYONE, holder, holderOfAny, need } from '../rights/rules.ts';
import { flagOf, listOf, NO_PARAMETERS, optional, textOf } from '../schema.ts';
import { type Cluster, type Guest, now, type Storage } from '../state.ts';
import { isActive, isOnNode, usableStorage } from '../storage-checks.ts';
import { startTask } from '../tasks.ts';
import { type Answer, type Call, type CallContext, reply } from './call.ts';
import { driveBytes } from './guest-view.ts';

const SEES = ['Datastore.Audit', 'Datastore.AllocateSpace'] as const;

const isSeen = ({ cluster, caller }: CallContext, storage: Storage): boolean =>
  caller.id === 'root@pam' || holdsAny(cluster, caller.id, `/storage/${storage.name}`, SEES);

function configRow(storage: Storage): Record<string, unknown> {
  return {
    storage: storage.name,
    type: storage.type,
    content: storage.content.join(','),
    ...(storage.shared ? { shared: 1 } : {}),
    ...(storage.nodes === undefined ? {} : { nodes: storage.nodes.join(',') }),
    ...(storage.disabled ? { disable: 1 } : {}),
  };
}

function listConfigured(context: CallContext): Answer {
  const rows = [...context.cluster.storages.values()].filter((storage) => isSeen(context, storage));
  return reply(rows.map(configRow));
}

function readConfigured({ cluster, parameters }: CallContext): Answer {
  const name = textOf(parameters, 'storage') ?? '';
  const storage = cluster.storages.get(name);
  return storage === undefined ? died(`storage '${name}' does not exist`) : reply(configRow(storage));
}

function nodeRow(cluster: Cluster, storage: Storage): Record<string, unknown> {
  const active = isActive(cluster, storage);
  return {
    storage: storage.name,
    type: storage.type,
    content: storage.content.join(','),
    shared: storage.shared ? 1 : 0,
    enabled: active ? 1 : 0,
    active: active ? 1 : 0,
    total: active ? storage.total : 0,
    used: active ? storage.used : 0,
    avail: active ? storage.total - storage.used : 0,
  };
}

function listOnNode(context: CallContext): Answer {
  const { cluster, node, parameters } = context;
  const contents = listOf(parameters, 'content');
  const only = textOf(parameters, 'storage');
  const rows = [...cluster.storages.values()]
    .filter((storage) => isSeen(context, storage) && isOnNode(storage, node))
    .filter((storage) => only === undefined || storage.name === only)
    .filter((storage) => contents.length === 0 || contents.some((kind) => storage.content.includes(kind)))
    .filter((storage) => !flagOf(parameters, 'enabled') || isActive(cluster, storage));
  return reply(rows.map((storage) => nodeRow(cluster, storage)));
}

function volumesOf(guest: Guest, storage: string): Record<string, unknown>[] {
  return [...guest.config]
    .filter(([, setting]) => setting.startsWith(`${storage}:`))
    .map(([, setting]) => ({
      volid: setting.split(',')[0],
      content: 'images',
      format: 'raw',
      size: driveBytes(setting) || 4_194_304,
      vmid: guest.vmid,
    }));
}

function listContent({ cluster, node, parameters }: CallContext): Answer {
  const storage = usableStorage(cluster, textOf(parameters, 'storage') ?? '', node);
  if (!storage.ok) return storage;
  const content = textOf(parameters, 'content');
  const vmid = textOf(parameters, 'vmid');
  const files = [...storage.value.files].map(([volid, file]) => ({ volid, ...file, ctime: 1_700_000_000 }));
  const images = [...cluster.guests.values()]
    .filter((guest) => storage.value.shared || guest.node === node)
    .filter((guest) => vmid === undefined || String(guest.vmid) === vmid)
    .flatMap((guest) => volumesOf(guest, storage.value.name));
  const rows: { content?: unknown }[] = [...(vmid === undefined ? files : []), ...images];
  return reply(rows.filter((row) => content === undefined || row.content === content));
}

/** A drive is read by who may audit its storage and configure its guest. */
function readVolume({ cluster, caller, node, parameters }: CallContext): Answer {
  const storage = usableStorage(cluster, textOf(parameters, 'storage') ?? '', node);
  if (!storage.ok) return storage;
  const volid = textOf(parameters, 'volume') ?? '';
  for (const guest of cluster.guests.values()) {
    const volume = volumesOf(guest, storage.value.name).find((each) => each.volid === volid);
    if (volume === undefined) continue;
    const allowed = need(cluster, caller, `/vms/${guest.vmid}`, 'VM.Config.Disk');
    if (!allowed.ok) return allowed;
    const { size, format } = volume;
    return reply({ path: `/dev/pve/${volid.split(':')[1]}`, size, used: size, format });
  }
  return died(`volume_size_info on '${volid}' failed`);
}

/** The file itself was read by the wire; here only its size is known. */
function upload({ cluster, caller, node, parameters }: CallContext): Answer {
  const storage = usableStorage(cluster, textOf(parameters, 'storage') ?? '', node);
  if (!storage.ok) return storage;
  const content = textOf(parameters, 'content') ?? 'iso';
  const filename = textOf(parameters, 'filename') ?? 'upload.iso';
  const size = Number(textOf(parameters, 'size') ?? 0);
  const volid = `${storage.value.name}:${content}/${filename}`;
  return reply(
    startTask(cluster, {
      node,
      type: 'imgcopy',
      id: '',
      caller,
      durationMs: cluster.durations.taskMs,
      finish: (log) => {
        storage.value.files.set(volid, { content, size, format: content });
        log(`finished file copy at ${now(cluster)}`);
        return undefined;
      },
    }),
  );
}

export function storageCalls(): Call[] {
  const content = optional('string');
  return [
    { method: 'GET', path: '/storage', rule: ANYONE, parameters: NO_PARAMETERS, answer: listConfigured },
    {
      method: 'GET',
      path: '/storage/{storage}',
      rule: holder('/storage/{storage}', 'Datastore.Allocate'),
      parameters: NO_PARAMETERS,
      answer: readConfigured,
    },
    {
      method: 'GET',
      path: '/nodes/{node}/storage',
      rule: ANYONE,
      viaDaemon: true,
      parameters: {
        fields: {
          content,
          storage: STORAGE_FIELD,
          enabled: optional('boolean'),
          target: optional('string'),
          format: optional('boolean'),
        },
      },
      answer: listOnNode,
    },
    {
      method: 'GET',
      path: '/nodes/{node}/storage/{storage}/status',
      rule: holderOfAny('/storage/{storage}', ...SEES),
      viaDaemon: true,
      parameters: NO_PARAMETERS,
      answer: ({ cluster, node, parameters }) => {
        const storage = usableStorage(cluster, textOf(parameters, 'storage') ?? '', node);
        return storage.ok ? reply(nodeRow(cluster, storage.value)) : storage;
      },
    },
    {
      method: 'GET',
      path: '/nodes/{node}/storage/{storage}/content',
      rule: holderOfAny('/storage/{storage}', ...SEES),
      viaDaemon: true,
      parameters: { fields: { content, vmid: optional('integer') } },
      answer: listContent,
    },
    {
      method: 'GET',
      path: '/nodes/{node}/storage/{storage}/content/{volume}',
      rule: holder('/storage/{storage}', 'Datastore.Audit'),
      viaDaemon: true,
      parameters: NO_PARAMETERS,
      answer: readVolume,
    },
    {
      method: 'POST',
      path: '/nodes/{node}/storage/{storage}/upload',
      rule: holder('/storage/{storage}', 'Datastore.AllocateTemplate'),
      viaDaemon: true,
      parameters: {
        fields: {
          content: optional('string', { choices: ['iso', 'vztmpl', 'import', 'snippets'] }),
          filename: optional('string'),
          size: optional('integer'),
          checksum: optional('string'),
          'checksum-algorithm': optional('string'),
        },
      },
      answer: upload,
    },
  ];
}
