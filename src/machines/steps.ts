import { err, ok, type Result } from '../base/result.ts';
import type { Finding } from '../kinds/finding.ts';
import { asText, type JsonRecord } from '../kinds/json.ts';
import type { CallFault, ProxmoxApi } from '../kinds/proxmox/api.ts';
import { find } from '../kinds/proxmox/find.ts';
import {
  bootDisk,
  cloneGuest,
  configureGuest,
  destroyGuest,
  encodedKeys,
  guestAddress,
  guestConfig,
  guestIsRunning,
  macOf,
  nextGuestId,
  onBridge,
  resizeDisk,
  switchGuest,
  taskEnd,
} from '../kinds/proxmox/guests.ts';
import { explainTask } from '../kinds/proxmox/refusal.ts';
import type { IdTurns } from './id-turns.ts';
import { type JobProgress, type JobRecord, type JobState, markOf } from './record.ts';

/** What a step works with. Everything a step must not forget goes through `keep` before it is acted upon. */
export interface StepTools {
  readonly api: ProxmoxApi;
  explain(fault: CallFault, probe: string): Finding;
  /** Explains the end of a failed task. */
  readonly context: Parameters<typeof explainTask>[2];
  readonly chooseInTurn: IdTurns;
  keep(more: Partial<JobProgress>): Promise<JobRecord>;
  /** Waits between two looks; false when the time of the step is over. */
  pause(): Promise<boolean>;
}

/** What of the tools belongs to one job and its step. */
export type Pace = Pick<StepTools, 'keep' | 'pause'>;

type Done = Promise<Result<JobState, Finding>>;

const ID_TRIES = 3;

/** The guest of a job, or null: another guest that happens to have the id is none of ours. */
async function ownGuest(job: JobRecord, tools: StepTools): Promise<Result<JsonRecord | null, Finding>> {
  const { vmid } = job.progress;
  if (vmid === null) return ok(null);
  const config = await guestConfig(tools.api, job.wish.node, vmid);
  if (!config.ok) return err(tools.explain(config.error, 'P11'));
  if (config.value === null) return ok(null);
  const marked = asText(config.value.description).includes(markOf(job.id));
  const inMaking = asText(config.value.lock) !== '' && asText(config.value.name) === job.name;
  return ok(marked || inMaking ? config.value : null);
}

export async function endOf(upid: string, tools: StepTools, what: string): Promise<Result<true, Finding>> {
  for (;;) {
    const end = await taskEnd(tools.api, upid);
    if (!end.ok) return err(tools.explain(end.error, 'P16'));
    if (end.value.ended)
      return end.value.said === ''
        ? ok(true)
        : err(explainTask(end.value.said, end.value.log, tools.context, upid));
    if (!(await tools.pause())) return err(tooLong(what, upid));
  }
}

const tooLong = (what: string, evidence: string): Finding =>
  find('TASK_FAILED', 'P16', evidence, { said: `${what} took too long`, log: [] });

/** The server did as asked, and what it shows now is something else. */
const unexpected = (evidence: string, said: string): Finding =>
  find('TASK_FAILED', 'P11', evidence, { said, log: [] });

export async function clone(given: JobRecord, tools: StepTools): Done {
  let job = given;
  for (;;) {
    if (job.progress.upid !== null) {
      const ended = await endOf(job.progress.upid, tools, 'the clone');
      if (!ended.ok && ended.error.code !== 'VMID_TAKEN') return ended;
      job = await tools.keep({
        upid: null,
        ...(ended.ok ? {} : { vmid: null, races: job.progress.races + 1 }),
      });
    }
    const present = await ownGuest(job, tools);
    if (!present.ok) return present;
    if (present.value !== null) {
      // Ordered by a process that was killed before it heard the answer: the lock tells when it is whole.
      if (asText(present.value.lock) === '') return ok('configuring');
      if (!(await tools.pause())) return err(tooLong('the clone', String(job.progress.vmid)));
      continue;
    }
    if (job.progress.races > ID_TRIES)
      return err(find('VMID_TAKEN', 'P14', 'every id was taken meanwhile', { id: '', next: '' }));
    const ordered = await tools.chooseInTurn(job.connectionId, async () => {
      const next = await nextGuestId(tools.api);
      if (!next.ok) return next;
      job = await tools.keep({ vmid: next.value, upid: null });
      const { node, template, storage } = job.wish;
      return cloneGuest(tools.api, node, template, {
        newid: next.value,
        name: job.name,
        description: `Made by Tessera for ${job.owner}. ${markOf(job.id)}`,
        storage,
      });
    });
    if (ordered.ok) {
      job = await tools.keep({ upid: ordered.value });
      continue;
    }
    const said = tools.explain(ordered.error, 'P14');
    if (said.code === 'VMID_TAKEN') {
      job = await tools.keep({ vmid: null, races: job.progress.races + 1 });
      continue;
    }
    if (said.code !== 'VM_LOCKED' || !(await tools.pause())) return err(said);
  }
}

export async function needGuest(
  job: JobRecord,
  tools: StepTools,
): Promise<Result<{ id: number; config: JsonRecord }, Finding>> {
  const present = await ownGuest(job, tools);
  if (!present.ok) return present;
  const id = job.progress.vmid;
  if (present.value === null || id === null) return err(unexpected(`guest ${id}`, 'the new guest is gone'));
  return ok({ id, config: present.value });
}

export async function configure(job: JobRecord, tools: StepTools): Done {
  const guest = await needGuest(job, tools);
  if (!guest.ok) return guest;
  const { wish } = job;
  const net = asText(guest.value.config.net0);
  const options: Record<string, string | number> = {
    cores: wish.cores,
    memory: wish.memory,
    agent: 'enabled=1',
    tags: `tessera;${markOf(job.id)}`,
    ciuser: wish.user,
    ipconfig0:
      wish.ip === 'dhcp'
        ? 'ip=dhcp'
        : `ip=${wish.ip}${wish.gateway === undefined ? '' : `,gw=${wish.gateway}`}`,
    ...(wish.sshKeys.length === 0 ? {} : { sshkeys: encodedKeys(wish.sshKeys) }),
    ...(wish.nameservers.length === 0 ? {} : { nameserver: wish.nameservers.join(' ') }),
    ...(wish.bridge === undefined || net === '' ? {} : { net0: onBridge(net, wish.bridge) }),
  };
  const set = await configureGuest(tools.api, wish.node, guest.value.id, options);
  if (!set.ok) return err(tools.explain(set.error, 'P11'));
  const read = await needGuest(job, tools);
  if (!read.ok) return read;
  for (const [name, wanted] of Object.entries(options)) {
    if (name === 'sshkeys') continue;
    if (asText(read.value.config[name]) !== String(wanted))
      return err(
        unexpected(
          `${name} is ${asText(read.value.config[name])}`,
          `${name} was set to ${wanted} and reads ${asText(read.value.config[name])}`,
        ),
      );
  }
  return ok('resizing');
}

export async function resize(given: JobRecord, tools: StepTools): Done {
  let job = given;
  for (let turn = 0; ; turn += 1) {
    if (job.progress.upid !== null) {
      const ended = await endOf(job.progress.upid, tools, 'resizing the disk');
      if (!ended.ok) return ended;
      job = await tools.keep({ upid: null });
    }
    const guest = await needGuest(job, tools);
    if (!guest.ok) return guest;
    const disk = bootDisk(guest.value.config);
    if (disk === null || disk.gib >= job.wish.disk) return ok('starting');
    if (turn > 0) return err(unexpected(`${disk.name} has ${disk.gib} GiB`, 'the disk did not grow'));
    const ordered = await resizeDisk(tools.api, job.wish.node, guest.value.id, disk.name, job.wish.disk);
    if (!ordered.ok) return err(tools.explain(ordered.error, 'P12'));
    job = await tools.keep({ upid: ordered.value });
  }
}

export async function start(given: JobRecord, tools: StepTools): Done {
  let job = given;
  for (let turn = 0; ; turn += 1) {
    if (job.progress.upid !== null) {
      const ended = await endOf(job.progress.upid, tools, 'the start');
      if (!ended.ok) return ended;
      job = await tools.keep({ upid: null });
    }
    const guest = await needGuest(job, tools);
    if (!guest.ok) return guest;
    const runs = await guestIsRunning(tools.api, job.wish.node, guest.value.id);
    if (!runs.ok) return err(tools.explain(runs.error, 'P11'));
    if (runs.value) return ok('waiting_ip');
    if (turn > 0) return err(unexpected('status stopped', 'the guest started and stopped again'));
    const ordered = await switchGuest(tools.api, job.wish.node, guest.value.id, 'start');
    if (!ordered.ok) return err(tools.explain(ordered.error, 'P11'));
    job = await tools.keep({ upid: ordered.value });
  }
}

export async function waitForAddress(job: JobRecord, tools: StepTools): Done {
  const guest = await needGuest(job, tools);
  if (!guest.ok) return guest;
  const mac = macOf(asText(guest.value.config.net0));
  for (;;) {
    const asked = await guestAddress(tools.api, job.wish.node, guest.value.id, mac);
    if (asked.ok && asked.value !== null) {
      await tools.keep({ ip: asked.value });
      return ok('done');
    }
    const said = asked.ok ? null : tools.explain(asked.error, 'P17');
    // Refused is refused: waiting changes nothing, and the machine runs.
    const final = said?.layer === 'rights';
    if (!final && (await tools.pause())) continue;
    await tools.keep({
      finding:
        final && said !== null
          ? said
          : find('NO_AGENT', 'P17', said?.evidence ?? 'no address', { id: guest.value.id, guest: true }),
    });
    return ok('done_without_ip');
  }
}

/** Takes away what the job made: stopped, deleted, and looked up again. Nothing that lacks its mark is touched. */
export async function undo(given: JobRecord, tools: StepTools): Promise<Result<true, Finding>> {
  let job = given;
  for (;;) {
    if (job.progress.upid !== null) {
      await endOf(job.progress.upid, tools, 'the task under way');
      job = await tools.keep({ upid: null });
    }
    const present = await ownGuest(job, tools);
    if (!present.ok) return present;
    const id = job.progress.vmid;
    if (present.value === null || id === null) return ok(true);
    if (asText(present.value.lock) !== '') {
      if (!(await tools.pause()))
        return err(
          find('VM_LOCKED', 'P11', `lock ${asText(present.value.lock)}`, {
            id: String(id),
            lock: asText(present.value.lock),
          }),
        );
      continue;
    }
    const runs = await guestIsRunning(tools.api, job.wish.node, id);
    if (!runs.ok) return err(tools.explain(runs.error, 'P11'));
    const ordered = runs.value
      ? await switchGuest(tools.api, job.wish.node, id, 'stop')
      : await destroyGuest(tools.api, job.wish.node, id);
    if (!ordered.ok) return err(tools.explain(ordered.error, 'P11'));
    if (ordered.value !== null) {
      const ended = await endOf(ordered.value, tools, runs.value ? 'stopping' : 'deleting');
      if (!ended.ok) return ended;
    }
    if (!(await tools.pause())) return err(tooLong('the undo', String(id)));
  }
}
