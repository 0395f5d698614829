import { ok, type Result } from '../../../base/result.ts';
import { CONTROL_NAMES, configShape, needOption, type OptionChange } from '../config-options.ts';
import { loadGuest, lockFault, withMac } from '../guest-access.ts';
import { badParameters, died, type Refusal } from '../refusal.ts';
import { holder, holderOfAny, need } from '../rights/rules.ts';
import { flagOf, listOf, numberOf, required, textOf } from '../schema.ts';
import type { Cluster, Guest } from '../state.ts';
import { bookSpace, imageStorage, usableStorage } from '../storage-checks.ts';
import { startTask } from '../tasks.ts';
import { type Answer, type Call, type CallContext, reply } from './call.ts';
import { bytesOf, digestOf, driveBytes, sizeText, withPending } from './guest-view.ts';

const ANY_CONFIG = ['Disk', 'CDROM', 'CPU', 'Memory', 'Network', 'HWType', 'Options', 'Cloudinit'].map(
  (area) => `VM.Config.${area}`,
);
const PUBLIC_KEY =
  /^(ssh-(rsa|dss|ed25519)|ecdsa-sha2-nistp\d+|sk-(ssh|ecdsa)[\w-]*@openssh\.com) [A-Za-z0-9+/]+={0,2}( .*)?$/;
/** Options that reach a running guest at once. */
const HOT =
  /^(name|description|tags|onboot|protection|startup|nameserver|ciuser|sshkeys|ipconfig\d+|cipassword)$/;
const MINIMUM_CLOUDINIT_BYTES = 4 * 1024 ** 2;

function keysAreValid(encoded: string): boolean {
  const lines = decodeURIComponent(encoded).split('\n');
  return lines.filter((line) => line.trim() !== '').every((line) => PUBLIC_KEY.test(line.trim()));
}

function changesOf({ parameters }: CallContext, guest: Guest): OptionChange[] {
  const so = withPending(guest);
  const previous = (name: string): { previous?: string } => {
    const value = so.get(name);
    return value === undefined ? {} : { previous: value };
  };
  const set = [...parameters]
    .filter(([name]) => !CONTROL_NAMES.has(name))
    .map(([name, value]) => ({ name, value: String(value), ...previous(name) }));
  return [...set, ...listOf(parameters, 'delete').map((name) => ({ name, ...previous(name) }))];
}

/** The value as it is kept: new volumes get their names, cards their addresses, passwords are hashed. */
function stored(cluster: Cluster, guest: Guest, { name, value = '' }: OptionChange): Result<string, Refusal> {
  if (/^net\d+$/.test(name)) return ok(withMac(cluster, value));
  if (name === 'cipassword') return ok(`$5$${cluster.random(6).toString('hex')}$hashed`);
  if (name === 'tags')
    return ok(
      value
        .split(/[;,\s]+/)
        .filter(Boolean)
        .join(';'),
    );
  const cloudinit = /^([^:,]+):cloudinit/.exec(value)?.[1];
  if (cloudinit !== undefined) {
    const storage = usableStorage(cluster, cloudinit, guest.node);
    if (!storage.ok) return storage;
    return ok(
      `${cloudinit}:vm-${guest.vmid}-cloudinit,media=cdrom,size=${sizeText(MINIMUM_CLOUDINIT_BYTES)}`,
    );
  }
  const [, pool, gigabytes] = /^([^:,]+):(\d+)(?:,|$)/.exec(value) ?? [];
  if (pool !== undefined && gigabytes !== undefined && /^(scsi|virtio|sata|ide)\d+$/.test(name)) {
    const storage = imageStorage(cluster, pool, guest.node);
    if (!storage.ok) return storage;
    return ok(`${pool}:vm-${guest.vmid}-disk-${name.replace(/\D/g, '')},size=${gigabytes}G`);
  }
  return ok(value);
}

function applyChanges(
  cluster: Cluster,
  guest: Guest,
  changes: readonly OptionChange[],
): Result<true, Refusal> {
  for (const change of changes) {
    const later = guest.running && !HOT.test(change.name);
    if (change.value === undefined) {
      if (later) guest.pending.set(change.name, null);
      else guest.config.delete(change.name);
      continue;
    }
    const value = stored(cluster, guest, change);
    if (!value.ok) return value;
    if (later) guest.pending.set(change.name, value.value);
    else guest.config.set(change.name, value.value);
  }
  return ok(true);
}

/** Everything that is checked before a change is written, in Proxmox's order. */
function prepare(context: CallContext): Result<{ guest: Guest; changes: OptionChange[] }, Refusal> {
  const { cluster, caller, node, parameters } = context;
  const vmid = numberOf(parameters, 'vmid') ?? 0;
  if (parameters.has('skiplock') && caller.id !== 'root@pam')
    return badParameters({ skiplock: 'Only root may use this option.' });
  const loaded = loadGuest(cluster, node, vmid);
  if (!loaded.ok) return loaded;
  const guest = loaded.value;
  const changes = changesOf(context, guest);
  if (changes.length === 0) return died('no options specified');
  if (cluster.faults.has('ROOT_ONLY')) return died(`only root can set '${changes[0]?.name}' config`);
  for (const change of changes) {
    const allowed = needOption(cluster, caller, vmid, change);
    if (!allowed.ok) return allowed;
  }
  const keys = textOf(parameters, 'sshkeys');
  if (keys !== undefined && !keysAreValid(keys)) return died('SSH public key validation error');
  const digest = textOf(parameters, 'digest');
  if (digest !== undefined && digest !== digestOf(guest.config))
    return died('checksum mismatch (file change by other user?)');
  const locked = lockFault(cluster, guest);
  if (locked !== undefined && !flagOf(parameters, 'skiplock')) return died(locked);
  return ok({ guest, changes });
}

function changeNow(context: CallContext): Answer {
  const plan = prepare(context);
  if (!plan.ok) return plan;
  const done = applyChanges(context.cluster, plan.value.guest, plan.value.changes);
  return done.ok ? reply(null) : done;
}

function changeByTask(context: CallContext): Answer {
  const plan = prepare(context);
  if (!plan.ok) return plan;
  const { cluster, caller, node } = context;
  const { guest, changes } = plan.value;
  return reply(
    startTask(cluster, {
      node,
      type: 'qmconfig',
      id: String(guest.vmid),
      caller,
      durationMs: cluster.durations.taskMs,
      finish: (log) => {
        for (const { name, value } of changes)
          log(`update VM ${guest.vmid}: -${name} ${value ?? '(deleted)'}`);
        const done = applyChanges(cluster, guest, changes);
        return done.ok ? undefined : done.error.message;
      },
    }),
  );
}

/** `+5G` adds, `20G` is the target; smaller than now is refused, from release 8 only inside the task. */
function resize(context: CallContext): Answer {
  const { cluster, caller, node, parameters } = context;
  const vmid = numberOf(parameters, 'vmid') ?? 0;
  const disk = textOf(parameters, 'disk') ?? '';
  const size = textOf(parameters, 'size') ?? '';
  const loaded = loadGuest(cluster, node, vmid);
  if (!loaded.ok) return loaded;
  const guest = loaded.value;
  const locked = lockFault(cluster, guest);
  if (locked !== undefined) return died(locked);
  const setting = guest.config.get(disk);
  if (setting === undefined) return died(`disk '${disk}' does not exist`);
  const storage = setting.slice(0, setting.indexOf(':'));
  const space = need(cluster, caller, `/storage/${storage}`, 'Datastore.AllocateSpace');
  if (!space.ok) return space;
  const before = driveBytes(setting);
  const target = size.startsWith('+') ? before + bytesOf(size) : bytesOf(size);
  const finish = (): string | undefined => {
    if (target < before) return 'shrinking disks is not supported';
    const full = bookSpace(cluster, storage, target - before);
    if (full !== undefined) return full;
    guest.config.set(disk, setting.replace(/size=[^,]+/, `size=${sizeText(target)}`));
    return undefined;
  };
  if (!cluster.edition.resizeIsTask) {
    const error = finish();
    return error === undefined ? reply(null) : died(error);
  }
  const durationMs = cluster.durations.taskMs;
  return reply(startTask(cluster, { node, type: 'resize', id: String(vmid), caller, durationMs, finish }));
}

export function guestConfigCalls(cluster: Cluster): Call[] {
  const path = '/nodes/{node}/qemu/{vmid}/config';
  const common = {
    path,
    rule: holderOfAny('/vms/{vmid}', ...ANY_CONFIG),
    viaDaemon: true,
    step: 'config',
    parameters: configShape(cluster.edition),
  } as const;
  return [
    { ...common, method: 'PUT', answer: changeNow },
    { ...common, method: 'POST', answer: changeByTask },
    {
      method: 'PUT',
      path: '/nodes/{node}/qemu/{vmid}/resize',
      rule: holder('/vms/{vmid}', 'VM.Config.Disk'),
      viaDaemon: true,
      step: 'resize',
      parameters: {
        fields: {
          disk: required('string', { pattern: /^(scsi|virtio|sata|ide|efidisk|tpmstate)\d+$/ }),
          size: required('string', { pattern: /^\+?\d+(\.\d+)?[KMGT]?$/ }),
          digest: { kind: 'string', optional: true },
          skiplock: { kind: 'boolean', optional: true },
        },
      },
      answer: resize,
    },
  ];
}
