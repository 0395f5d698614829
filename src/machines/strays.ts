import { requireScope } from '../access/policy.ts';
import type { Actor } from '../access/principal.ts';
import { auditEntry } from '../audit/entry.ts';
import { type Clock, seconds } from '../base/clock.ts';
import { type Fault, fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { MANAGE_SCOPE } from '../connections/access.ts';
import type { Outlets } from '../connections/outlets.ts';
import type { ConnectionRecord } from '../connections/record.ts';
import type { ConnectionStore } from '../connections/store.ts';
import type { Finding } from '../kinds/finding.ts';
import { asText } from '../kinds/json.ts';
import { type ProxmoxApi, proxmoxApi } from '../kinds/proxmox/api.ts';
import { guestConfig } from '../kinds/proxmox/guests.ts';
import { tokenIdOf } from '../kinds/proxmox/identity.ts';
import { type GuestFacts, readGuests } from '../kinds/proxmox/inventory.ts';
import { explainRefusal } from '../kinds/proxmox/refusal.ts';
import { jobInMark, marksOf } from './guest.ts';
import { holdsMachine, type JobRecord, NO_PROGRESS } from './record.ts';
import type { Runner } from './runner.ts';
import { undo } from './steps.ts';
import type { JobStore } from './store.ts';

/** A guest with the mark of a job that has no machine, or another one. */
export interface Stray {
  readonly connection: Pick<ConnectionRecord, 'id' | 'name'>;
  readonly vmid: number;
  readonly node: string;
  readonly name: string;
  readonly jobId: string;
  /** Null where nothing is known of the job: it was of another Tessera, or of a database that is gone. */
  readonly job: JobRecord | null;
}

export interface StraySearch {
  readonly strays: readonly Stray[];
  /** Connections that could not be searched: nothing is said of what lies there. */
  readonly unsearched: readonly { readonly name: string; readonly fault: Fault }[];
}

/** Finds guests that nobody counts as a machine any more, over whole clusters and all connections. */
export interface Strays {
  search(actor: Actor): Promise<Result<StraySearch>>;
  /** Stopped, deleted and looked up again, if it still is a stray. */
  remove(actor: Actor, connection: string, vmid: number): Promise<Result<Stray>>;
}

interface Dependencies {
  readonly store: JobStore & Pick<ConnectionStore, 'connections'>;
  readonly outlets: Outlets;
  readonly runner: Pick<Runner, 'withTools'>;
  readonly clock: Clock;
}

interface Marked {
  readonly found: readonly { readonly guest: GuestFacts; readonly jobId: string }[];
  /** Nodes of which descriptions could not be read. */
  readonly silentNodes: readonly string[];
}

const READS_AT_ONCE = 8;
const isTagged = (tags: string): boolean => /(^|[;, ])tessera/.test(tags);

const SCOPE = 'write:machines';

export function createStrays({ store, outlets, runner, clock }: Dependencies): Strays {
  function mayTidy(actor: Actor): Result<void> {
    const writes = requireScope(actor, SCOPE, 'search for strays');
    return writes.ok ? requireScope(actor, MANAGE_SCOPE, 'search for strays') : writes;
  }

  /**
   * Tags come with the list. A clone gets its own before it is started, so of guests without them the description is
   * read where a job once wrote the id down, or where they do not run: there a job's first step may have been its last.
   */
  async function marked(
    api: ProxmoxApi,
    guests: readonly GuestFacts[],
    noted: ReadonlySet<number>,
  ): Promise<Marked> {
    const found: Marked['found'][number][] = [];
    const silentNodes = new Set<string>();
    const wanted = guests.filter(
      ({ type, template, tags, id, status }) =>
        type === 'qemu' && !template && (isTagged(tags) || noted.has(id) || status !== 'running'),
    );
    async function read(guest: GuestFacts): Promise<void> {
      const silent = guest.status === 'unknown' || silentNodes.has(guest.node);
      const config = silent ? null : await guestConfig(api, guest.node, guest.id);
      const unread = config === null || (!config.ok && config.error.status !== 403);
      if (unread && !isTagged(guest.tags)) silentNodes.add(guest.node);
      const [mark] = marksOf(config?.ok && config.value !== null ? config.value : { tags: guest.tags });
      if (mark !== undefined) found.push({ guest, jobId: jobInMark(mark) });
    }
    for (let at = 0; at < wanted.length; at += READS_AT_ONCE)
      await Promise.all(wanted.slice(at, at + READS_AT_ONCE).map(read));
    return { found, silentNodes: [...silentNodes].sort() };
  }

  /** Ids that jobs once wrote down. */
  const notedIds = async (): Promise<ReadonlySet<number>> =>
    new Set((await store.jobs({ limit: 1000 })).map((job) => job.progress.vmid ?? 0));

  async function searchOne(
    actor: Actor,
    connection: ConnectionRecord,
    noted: ReadonlySet<number>,
    only?: number,
  ): Promise<Result<{ strays: Stray[]; silentNodes: readonly string[] }>> {
    const found = await outlets.use(actor, connection.id, async ({ subject, carrier }) => {
      const api = proxmoxApi(subject, carrier);
      const guests = await readGuests(api);
      if (guests.ok) {
        const asked = guests.value.filter(({ id }) => only === undefined || id === only);
        return ok(await marked(api, asked, noted));
      }
      const { user, token } = tokenIdOf(subject.credential.identity);
      const context = { origin: subject.client.origin, who: { user, token } };
      const said: Finding = explainRefusal(guests.error, context, 'P10');
      return err(said);
    });
    if (!found.ok) return found;
    const strays: Stray[] = [];
    for (const { guest, jobId } of found.value.found) {
      const job = await store.job(jobId);
      const counted = job !== null && (job.endedAt === null || holdsMachine(job));
      const failed = job?.state === 'failed';
      if (counted && !failed && (job.progress.vmid === null || job.progress.vmid === guest.id)) continue;
      const { id, name } = connection;
      strays.push({
        connection: { id, name },
        vmid: guest.id,
        node: guest.node,
        name: asText(guest.name),
        jobId,
        job,
      });
    }
    return ok({ strays, silentNodes: found.value.silentNodes });
  }

  async function search(actor: Actor): Promise<Result<StraySearch>> {
    const allowed = mayTidy(actor);
    if (!allowed.ok) return allowed;
    const strays = new Map<string, Stray>();
    const unsearched: { name: string; fault: Fault }[] = [];
    const noted = await notedIds();
    for (const connection of await store.connections('proxmox')) {
      const found = await searchOne(actor, connection, noted);
      if (!found.ok) {
        unsearched.push({ name: connection.name, fault: found.error });
        continue;
      }
      // Several connections may lead to one cluster.
      for (const stray of found.value.strays) {
        const key = `${stray.jobId} ${stray.vmid}`;
        if (!strays.has(key)) strays.set(key, stray);
      }
      const { silentNodes } = found.value;
      if (silentNodes.length > 0)
        unsearched.push({
          name: connection.name,
          fault: fault(
            'upstream_failed',
            `Guests without a tag could not be read on ${silentNodes.join(', ')}.`,
          ),
        });
    }
    return ok({ strays: [...strays.values()], unsearched });
  }

  return {
    search,

    async remove(actor, connection, vmid) {
      const allowed = mayTidy(actor);
      if (!allowed.ok) return allowed;
      const record = (await store.connections('proxmox')).find(({ id, name }) =>
        [id, name].includes(connection),
      );
      const found = record === undefined ? null : await searchOne(actor, record, await notedIds(), vmid);
      if (found !== null && !found.ok) return found;
      const stray = found?.value.strays.find((each) => each.vmid === vmid);
      if (stray === undefined)
        return err(
          fault('not_found', `Guest ${vmid} at '${connection}' is no stray.`, {
            fix: 'See GET /api/v1/strays.',
          }),
        );
      const guest = asJob(stray, clock);
      const gone = await runner.withTools(guest, (tools) => undo(guest, tools));
      if (!gone.ok) return gone;
      return store.change<Stray>(async (tx) => {
        const now = seconds(clock);
        // What a failed job left is no longer its machine.
        const job = await tx.job(stray.jobId);
        if (job !== null && job.progress.vmid === vmid && job.endedAt !== null && job.goneAt === null)
          await tx.putJob({ ...job, goneAt: now, updatedAt: now });
        await tx.audit(
          auditEntry(clock(), actor, {
            action: 'machine.deleted',
            subject: stray.name,
            detail: { job: stray.jobId, vmid, connection: stray.connection.name, stray: true },
          }),
        );
        return ok(stray);
      });
    },
  };
}

/** The guest as the undo of a job wants to see it. */
const asJob = ({ connection, vmid, node, name, jobId, job }: Stray, clock: Clock): JobRecord => ({
  id: jobId,
  owner: job?.owner ?? '',
  connectionId: connection.id,
  connectionName: connection.name,
  name,
  state: 'rolling_back',
  wish: {
    version: '',
    template: 0,
    cores: 0,
    memory: 0,
    disk: 0,
    user: '',
    sshKeys: [],
    ip: 'dhcp',
    nameservers: [],
    ...job?.wish,
    node,
  },
  progress: { ...NO_PROGRESS, steps: [], vmid },
  idempotencyKey: null,
  cancelRequested: false,
  createdAt: seconds(clock),
  updatedAt: seconds(clock),
  endedAt: null,
  goneAt: null,
});
