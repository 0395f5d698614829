import { ok, type Result } from '../../../base/result.ts';
import { dnsNameFormat, nodeFormat, poolFormat, STORAGE_FIELD, vmidFormat } from '../formats.ts';
import { loadGuest, lockFault, needBridge, newMac } from '../guest-access.ts';
import { badParameters, died, forbidden, type Refusal } from '../refusal.ts';
import { either, every, holder, need } from '../rights/rules.ts';
import { flagOf, numberOf, optional, required, textOf } from '../schema.ts';
import { type Cluster, type Guest, newUuid } from '../state.ts';
import { bookSpace, imageStorage } from '../storage-checks.ts';
import { startTask } from '../tasks.ts';
import { type Answer, type Call, type CallContext, reply } from './call.ts';
import { dataDisks, driveBytes, guestName, isCdrom } from './guest-view.ts';

interface ClonePlan {
  readonly template: Guest;
  readonly newid: number;
  readonly full: boolean;
  readonly storage?: string;
  readonly target: string;
}

const storageOf = (setting: string): string => setting.slice(0, setting.indexOf(':'));

/** Rights, state and place of every disk and card of the template. */
function checkParts(context: CallContext, plan: ClonePlan): Result<true, Refusal> {
  const { cluster, caller } = context;
  for (const [, setting] of dataDisks(plan.template.config)) {
    const source = storageOf(setting);
    const name = plan.storage ?? source;
    const allowed = need(cluster, caller, `/storage/${name}`, 'Datastore.AllocateSpace');
    if (!allowed.ok) return allowed;
    const storage = imageStorage(cluster, name, plan.target);
    if (!storage.ok) return storage;
    const shared = cluster.storages.get(source)?.shared ?? false;
    if (plan.target !== plan.template.node && !shared)
      return died(`can't clone VM to node '${plan.target}' (VM uses local storage)`);
    if (!plan.full && !storage.value.linkedClones)
      return died(`Linked clone feature is not supported for drive '${setting.split(',')[0]}'`);
  }
  for (const [name, setting] of plan.template.config) {
    if (!/^net\d+$/.test(name)) continue;
    const bridge = needBridge(cluster, caller, setting);
    if (!bridge.ok) return bridge;
  }
  return ok(true);
}

function prepare(context: CallContext): Result<ClonePlan, Refusal> {
  const { cluster, node, parameters } = context;
  const newid = numberOf(parameters, 'newid') ?? 0;
  const pool = textOf(parameters, 'pool');
  if (pool !== undefined && !cluster.pools.has(pool)) return died(`pool '${pool}' does not exist`);
  const loaded = loadGuest(cluster, node, numberOf(parameters, 'vmid') ?? 0);
  if (!loaded.ok) return loaded;
  const template = loaded.value;
  const target = textOf(parameters, 'target') ?? node;
  if (!cluster.nodes.has(target)) return died(`no such cluster node '${target}'`);
  const locked = lockFault(cluster, template);
  if (locked !== undefined) return died(locked);
  const isTemplate = template.config.get('template') === '1';
  const full = parameters.has('full') ? flagOf(parameters, 'full') : !isTemplate;
  const storage = textOf(parameters, 'storage');
  for (const name of ['storage', 'format'])
    if (!full && parameters.has(name)) return died(`parameter '${name}' not allowed for linked clones`);
  const plan = { template, newid, full, target, ...(storage === undefined ? {} : { storage }) };
  const parts = checkParts(context, plan);
  if (!parts.ok) return parts;
  takeIdIfRaced(cluster, newid, node);
  if (cluster.guests.has(newid)) return died(`unable to create VM ${newid}: config file already exists`);
  return ok(plan);
}

/** Somebody else makes a guest of that id between `nextid` and its use. */
function takeIdIfRaced(cluster: Cluster, newid: number, node: string): void {
  const race = cluster.faults.has('VMID_TAKEN') || cluster.controls.races > 0;
  if (!race || cluster.guests.has(newid)) return;
  if (!cluster.faults.has('VMID_TAKEN')) cluster.controls.races -= 1;
  cluster.guests.set(newid, {
    vmid: newid,
    kind: 'qemu',
    node,
    running: false,
    startedAtMs: 0,
    config: new Map([
      ['name', `somebody-elses-${newid}`],
      ['memory', '512'],
    ]),
    pending: new Map(),
    agentAnswers: true,
  });
}

/** A full clone takes the room of every disk; the error text, if one does not fit. */
function bookDisks(cluster: Cluster, plan: ClonePlan): string | undefined {
  if (!plan.full) return undefined;
  for (const [, setting] of dataDisks(plan.template.config)) {
    const error = bookSpace(cluster, plan.storage ?? storageOf(setting), driveBytes(setting));
    if (error !== undefined) return `clone failed: ${error}`;
  }
  return undefined;
}

/** The template's settings with new volumes, addresses and identity. */
function clonedConfig(
  cluster: Cluster,
  plan: ClonePlan,
  name: string,
  description?: string,
): Map<string, string> {
  const { template, newid } = plan;
  const config = new Map(template.config);
  for (const key of ['template', 'lock', 'description', 'protection']) config.delete(key);
  for (const [key, setting] of template.config) {
    if (/^net\d+$/.test(key)) config.set(key, setting.replace(/=[0-9A-Fa-f:]{17}/, `=${newMac(cluster)}`));
    if (isCdrom(setting)) config.set(key, setting.replace(`vm-${template.vmid}-`, `vm-${newid}-`));
  }
  for (const [key, setting] of dataDisks(template.config)) {
    const [volume = '', ...options] = setting.split(',');
    const base = volume.slice(volume.indexOf(':') + 1);
    const own = base.replace(/(base|vm)-\d+-/, `vm-${newid}-`);
    const pool = plan.storage ?? storageOf(setting);
    config.set(key, [`${pool}:${plan.full ? own : `${base}/${own}`}`, ...options].join(','));
  }
  config.set('name', name);
  config.set('smbios1', `uuid=${newUuid(cluster)}`);
  if (description !== undefined) config.set('description', description);
  return config;
}

function clone(context: CallContext): Answer {
  const { cluster, caller, parameters } = context;
  if (cluster.faults.has('TOKEN_NO_ROUTE') && caller.token !== undefined)
    return forbidden(
      `URI '/nodes/${context.node}/qemu/clone' not available with API token, need proper ticket.\n`,
    );
  if (cluster.faults.has('NAME_BAD'))
    return badParameters({ name: 'invalid format - value does not look like a valid DNS name' });
  const prepared = prepare(context);
  if (!prepared.ok) return prepared;
  const plan = prepared.value;
  const pool = textOf(parameters, 'pool');
  const name = textOf(parameters, 'name') ?? `Copy-of-VM-${guestName(plan.template)}`;
  const guest: Guest = {
    vmid: plan.newid,
    kind: 'qemu',
    node: plan.target,
    running: false,
    startedAtMs: 0,
    // what a clone is called and who wants it is written when it is whole
    config: new Map([
      ['description', ' qmclone temporary file\n'],
      ['lock', 'clone'],
    ]),
    pending: new Map(),
    agentAnswers: true,
    ...(pool === undefined ? {} : { pool }),
  };
  cluster.guests.set(plan.newid, guest);
  const remove = (): void => void cluster.guests.delete(plan.newid);
  return reply(
    startTask(cluster, {
      node: context.node,
      type: 'qmclone',
      id: String(plan.template.vmid),
      caller,
      durationMs: cluster.durations.cloneMs,
      finish: (log) => {
        const source = cluster.guests.get(plan.template.vmid);
        if (source === undefined) {
          remove();
          return `clone failed: Configuration file 'nodes/${context.node}/qemu-server/${plan.template.vmid}.conf' does not exist`;
        }
        const full = bookDisks(cluster, plan);
        if (full !== undefined) {
          remove();
          return full;
        }
        const config = clonedConfig(cluster, plan, name, textOf(parameters, 'description'));
        guest.config.clear();
        for (const [key, value] of config) guest.config.set(key, value);
        log(`create ${plan.full ? 'full' : 'linked'} clone of drive scsi0`);
        return undefined;
      },
      undo: remove,
    }),
  );
}

export function guestCloneCalls(): Call[] {
  return [
    {
      method: 'POST',
      path: '/nodes/{node}/qemu/{vmid}/clone',
      rule: every(
        holder('/vms/{vmid}', 'VM.Clone'),
        either(holder('/vms/{newid}', 'VM.Allocate'), holder('/pool/{pool}', 'VM.Allocate')),
      ),
      viaDaemon: true,
      step: 'clone',
      parameters: {
        fields: {
          newid: required('integer', { format: vmidFormat }),
          name: optional('string', { format: dnsNameFormat }),
          description: optional('string'),
          full: optional('boolean'),
          storage: STORAGE_FIELD,
          format: optional('string', { choices: ['raw', 'qcow2', 'vmdk'] }),
          target: optional('string', { format: nodeFormat }),
          pool: optional('string', { format: poolFormat }),
          snapname: optional('string', { maxLength: 40 }),
          bwlimit: optional('integer', { minimum: 0 }),
        },
      },
      answer: clone,
    },
  ];
}
