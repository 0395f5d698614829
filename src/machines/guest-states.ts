import { internalActor } from '../access/principal.ts';
import { type Clock, seconds } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Outlets } from '../connections/outlets.ts';
import type { Finding } from '../kinds/finding.ts';
import { proxmoxApi } from '../kinds/proxmox/api.ts';
import { guestIsRunning } from '../kinds/proxmox/guests.ts';
import { tokenIdOf } from '../kinds/proxmox/identity.ts';
import { type GuestFacts, readReports } from '../kinds/proxmox/inventory.ts';
import { explainRefusal } from '../kinds/proxmox/refusal.ts';
import { type Permissions, readPermissions } from '../kinds/proxmox/rights.ts';
import { holdsMachine, type JobRecord, markOf } from './record.ts';

/** What the guest of a machine does, however its job ended. */
export interface GuestState {
  readonly is: 'running' | 'stopped' | 'gone' | 'unknown';
  /** Why it is not known. */
  readonly why: string | null;
}

/**
 * Looks at the guests of many machines with one question for each connection. Nodes report to the list every ten
 * seconds: machines that changed since, and one that is looked at alone, are asked about themselves.
 */
export interface GuestStates {
  /** By the id of the job; jobs under way and those without a machine have none. */
  of(jobs: readonly JobRecord[]): Promise<ReadonlyMap<string, GuestState>>;
  /** After a guest was switched or deleted: a look that began before then counts no more. */
  forget(connectionId: string): void;
}

/** A job with the id of its guest. */
type Held = readonly [JobRecord, number];

interface Sight {
  readonly guests: ReadonlyMap<number, GuestFacts>;
  /** Null where nothing was missing. */
  readonly permissions: Permissions | null;
}

/** Nobody waits longer to read a list because a system far away is slow. */
const PATIENCE_MS = 2500;
const REPORT_SECONDS = 20;
const ASKED_THEMSELVES = 10;

export function createGuestStates(outlets: Outlets, clock: Clock, patienceMs = PATIENCE_MS): GuestStates {
  /** Looks under way, by connection and the guests looked for: whoever comes meanwhile shares them, and their patience. */
  const looks = new Map<string, Promise<Result<Sight, string>>>();

  async function see(connectionId: string, held: readonly Held[]): Promise<Result<Sight, string>> {
    const seen = await outlets.use(
      internalActor,
      connectionId,
      async ({ subject, carrier }): Promise<Result<Sight, Finding>> => {
        const { user, token } = tokenIdOf(subject.credential.identity);
        const context = { origin: subject.client.origin, who: { user, token } };
        const api = proxmoxApi(subject, carrier);
        const reports = await readReports(api);
        if (!reports.ok) return err(explainRefusal(reports.error, context, 'P10'));
        const guests = new Map(reports.value);
        const fresh = held.length === 1 ? held : held.filter(([job]) => isFresh(job));
        const asked = fresh.toSorted(([one], [other]) => other.updatedAt - one.updatedAt);
        await Promise.all(
          asked.slice(0, ASKED_THEMSELVES).map(async ([, vmid]) => {
            const guest = guests.get(vmid);
            if (guest === undefined) return;
            const runs = await guestIsRunning(api, guest.node, vmid);
            guests.set(vmid, { ...guest, status: !runs.ok ? 'unknown' : runs.value ? 'running' : 'stopped' });
          }),
        );
        if (held.every(([, vmid]) => guests.has(vmid))) return ok({ guests, permissions: null });
        const permissions = await readPermissions(api);
        return permissions.ok
          ? ok({ guests, permissions: permissions.value })
          : err(explainRefusal(permissions.error, context, 'P8'));
      },
    );
    return seen.ok ? seen : err(seen.error.message);
  }

  const isFresh = (job: JobRecord): boolean => seconds(clock) - job.updatedAt < REPORT_SECONDS;

  function look(connectionId: string, held: readonly Held[]): Promise<Result<Sight, string>> {
    const key = `${connectionId} ${held.map(([, vmid]) => vmid).join(' ')}`;
    const shared = looks.get(key);
    if (shared !== undefined) return shared;
    const seen = see(connectionId, held).catch(() => err('It could not be asked.'));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Result<Sight, string>>((resolve) => {
      timer = setTimeout(() => resolve(err('It did not answer in time.')), patienceMs);
    });
    const answered = Promise.race([seen, late]);
    looks.set(key, answered);
    // Kept until the look itself has ended: a system that hangs is not asked again and again.
    void seen.then(() => {
      clearTimeout(timer);
      if (looks.get(key) === answered) looks.delete(key);
    });
    return answered;
  }

  return {
    async of(jobs) {
      const byConnection = new Map<string, Held[]>();
      for (const job of jobs) {
        const { vmid } = job.progress;
        if (job.endedAt === null || vmid === null || !holdsMachine(job)) continue;
        const others = byConnection.get(job.connectionId) ?? [];
        byConnection.set(job.connectionId, [...others, [job, vmid]]);
      }
      const states = new Map<string, GuestState>();
      await Promise.all(
        [...byConnection].map(async ([connectionId, held]) => {
          const sight = await look(connectionId, held);
          for (const [job, vmid] of held) states.set(job.id, judge(job, vmid, sight));
        }),
      );
      return states;
    },

    forget(connectionId) {
      for (const key of looks.keys()) if (key.startsWith(`${connectionId} `)) looks.delete(key);
    },
  };
}

const unknown = (why: string): GuestState => ({ is: 'unknown', why });

function judge(job: JobRecord, vmid: number, sight: Result<Sight, string>): GuestState {
  if (!sight.ok) return unknown(sight.error);
  const { guests, permissions } = sight.value;
  const guest = guests.get(vmid);
  if (guest === undefined)
    // The list leaves out what the credential may not see, so that alone nothing is gone.
    return permissions !== null && mayAudit(permissions, vmid)
      ? { is: 'gone', why: null }
      : unknown(`Guest ${vmid} is not shown; the credential may lack VM.Audit there.`);
  if (!guest.tags.includes(markOf(job.id)) && guest.name !== job.name)
    return unknown(`Guest ${vmid} bears neither the mark nor the name of this machine.`);
  if (guest.status === 'running' || guest.status === 'stopped') return { is: guest.status, why: null };
  return unknown(`Node ${guest.node} does not say what guest ${vmid} does.`);
}

/** The nearest path with rights of its own decides. */
function mayAudit(permissions: Permissions, vmid: number): boolean {
  const own = permissions.get(`/vms/${vmid}`);
  if (own !== undefined) return own.has('VM.Audit');
  return (permissions.get('/vms') ?? permissions.get('/'))?.get('VM.Audit') === true;
}
