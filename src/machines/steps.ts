import { err, ok, type Result } from '../base/result.ts';
import type { Finding } from '../kinds/finding.ts';
import { asText } from '../kinds/json.ts';
import { find } from '../kinds/proxmox/find.ts';
import {
  bootDisk,
  cloneGuest,
  configureGuest,
  destroyGuest,
  encodedKeys,
  guestAddress,
  guestIsRunning,
  macOf,
  nextGuestId,
  onBridge,
  resizeDisk,
  switchGuest,
  taskEnd,
} from '../kinds/proxmox/guests.ts';
import { explainTask } from '../kinds/proxmox/refusal.ts';
import { lookFor, needGuest, unexpected } from './guest.ts';
import { type JobRecord, type JobState, markOf } from './record.ts';
import { type StepTools, wayBroke } from './tools.ts';

type Done = Promise<Result<JobState, Finding>>;

/** Other processes choose ids at the same moment: losing a few times in a row is nothing unusual. */
const ID_TRIES = 20;
const UNDO_TRIES = 2;

/** How the task ended: null after success. An error here means that it could not be learned. */
async function outcomeOf(
  upid: string,
  tools: StepTools,
  what: string,
): Promise<Result<Finding | null, Finding>> {
  for (;;) {
    const end = await taskEnd(tools.api, upid);
    if (!end.ok) return err(tools.explain(end.error, 'P16'));
    if (end.value.ended)
      return ok(
        end.value.said === '' ? null : explainTask(end.value.said, end.value.log, tools.context, upid),
      );
    if (!(await tools.pause())) return err(tooLong(what, upid));
  }
}

export async function endOf(upid: string, tools: StepTools, what: string): Promise<Result<true, Finding>> {
  const outcome = await outcomeOf(upid, tools, what);
  if (!outcome.ok) return outcome;
  return outcome.value === null ? ok(true) : err(outcome.value);
}

const tooLong = (what: string, evidence: string): Finding =>
  find('TASK_FAILED', 'P16', evidence, { said: `${what} took too long`, log: [] });

const locked = (id: number, lock: string): Finding =>
  find('VM_LOCKED', 'P11', `lock ${lock}`, { id: String(id), lock });

/**
 * An id that is written down may have been ordered by a process that did not live to hear the answer. It is ordered
 * again until it is known to be somebody else's: of two orders for one id the server refuses one.
 */
export async function clone(given: JobRecord, tools: StepTools): Done {
  let job = given;
  let inDoubt = job.progress.vmid !== null;
  const lose = () => tools.keep({ upid: null, vmid: null, races: job.progress.races + 1 });
  for (;;) {
    if (job.progress.upid !== null) {
      const ended = await endOf(job.progress.upid, tools, 'the clone');
      if (!ended.ok && ended.error.code !== 'VMID_TAKEN') return ended;
      job = ended.ok ? await tools.keep({ upid: null }) : await lose();
    }
    const sight = await lookFor(job, tools);
    if (!sight.ok) return sight;
    if (sight.value.is === 'ours' && asText(sight.value.config.lock) === '') return ok('configuring');
    if (sight.value.is === 'ours' || sight.value.is === 'unknown') {
      if (!(await tools.pause())) return err(tooLong('the clone', String(job.progress.vmid)));
      continue;
    }
    if (sight.value.is === 'foreign') job = await lose();
    if (job.progress.races > ID_TRIES)
      return err(find('VMID_TAKEN', 'P14', 'every id was taken meanwhile', { id: '', next: '' }));
    const ordered = await tools.chooseInTurn(job.connectionId, async () => {
      if (job.progress.vmid === null) {
        const next = await nextGuestId(tools.api);
        if (!next.ok) return next;
        inDoubt = false;
        job = await tools.keep({ vmid: next.value, upid: null });
      }
      const { node, template, storage } = job.wish;
      return cloneGuest(tools.api, node, template, {
        newid: job.progress.vmid ?? 0,
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
    if (said.code !== 'VMID_TAKEN') return err(said);
    // In doubt it may be our own order that has taken it: looked at once more.
    if (!inDoubt) job = await lose();
    inDoubt = false;
  }
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
  const set = await configureGuest(tools.api, guest.value.node, guest.value.id, options);
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
    const ordered = await resizeDisk(tools.api, guest.value.node, guest.value.id, disk.name, job.wish.disk);
    if (!ordered.ok) return err(tools.explain(ordered.error, 'P12'));
    job = await tools.keep({ upid: ordered.value });
  }
}

export async function start(given: JobRecord, tools: StepTools): Done {
  let job = given;
  for (let turn = 0; ; turn += 1) {
    let failed: Finding | null = null;
    if (job.progress.upid !== null) {
      const outcome = await outcomeOf(job.progress.upid, tools, 'the start');
      if (!outcome.ok) return outcome;
      failed = outcome.value;
      job = await tools.keep({ upid: null });
    }
    const guest = await needGuest(job, tools);
    if (!guest.ok) return guest;
    const { id, node } = guest.value;
    const runs = await guestIsRunning(tools.api, node, id);
    if (!runs.ok) return err(tools.explain(runs.error, 'P11'));
    // Whatever the task said: a second start, ordered in doubt, fails because the first one did its work.
    if (runs.value) return ok('waiting_ip');
    if (failed !== null) return err(failed);
    if (turn > 0) return err(unexpected('status stopped', 'the guest started and stopped again'));
    const ordered = await switchGuest(tools.api, node, id, 'start');
    if (!ordered.ok) return err(tools.explain(ordered.error, 'P11'));
    job = await tools.keep({ upid: ordered.value });
  }
}

export async function waitForAddress(job: JobRecord, tools: StepTools): Done {
  const guest = await needGuest(job, tools);
  if (!guest.ok) return guest;
  const mac = macOf(asText(guest.value.config.net0));
  for (;;) {
    const asked = await guestAddress(tools.api, guest.value.node, guest.value.id, mac);
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
  let failures = 0;
  for (;;) {
    if (job.progress.upid !== null) {
      await endOf(job.progress.upid, tools, 'the task under way');
      job = await tools.keep({ upid: null });
    }
    const sight = await lookFor(job, tools);
    if (!sight.ok) return sight;
    if (sight.value.is === 'absent') return ok(true);
    const { id } = sight.value;
    // Ids of deleted guests are given out again at once.
    if (sight.value.is === 'foreign')
      return sight.value.namesake
        ? err(unexpected(`guest ${id}`, `guest ${id} does not bear the mark of its job any more`))
        : ok(true);
    const lock = sight.value.is === 'ours' ? asText(sight.value.config.lock) : 'clone';
    if (sight.value.is === 'unknown' || lock !== '') {
      if (!(await tools.pause())) return err(locked(id, lock));
      continue;
    }
    const done = await stopOrDestroy(id, sight.value.node, tools);
    // An order given by a process that is gone may be under way still, and make the next one fail.
    if (!done.ok && (wayBroke(done.error) || ++failures > UNDO_TRIES)) return done;
    if (!(await tools.pause())) return done.ok ? err(tooLong('the undo', String(id))) : done;
  }
}

async function stopOrDestroy(id: number, node: string, tools: StepTools): Promise<Result<true, Finding>> {
  const runs = await guestIsRunning(tools.api, node, id);
  if (!runs.ok) return err(tools.explain(runs.error, 'P11'));
  const ordered = runs.value
    ? await switchGuest(tools.api, node, id, 'stop')
    : await destroyGuest(tools.api, node, id);
  if (!ordered.ok) return err(tools.explain(ordered.error, 'P11'));
  return ordered.value === null
    ? ok(true)
    : endOf(ordered.value, tools, runs.value ? 'stopping' : 'deleting');
}
