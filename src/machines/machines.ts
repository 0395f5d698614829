import { missingScope } from '../access/policy.ts';
import type { Actor } from '../access/principal.ts';
import { type AuditAction, auditEntry } from '../audit/entry.ts';
import { type Clock, seconds } from '../base/clock.ts';
import { defined } from '../base/defined.ts';
import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { MANAGE_SCOPE, unknownConnection } from '../connections/access.ts';
import type { Outlets } from '../connections/outlets.ts';
import type { ConnectionRecord } from '../connections/record.ts';
import type { ConnectionStore } from '../connections/store.ts';
import { type Readiness, readyToClone } from '../kinds/proxmox/preflight.ts';
import { power } from './power.ts';
import { holdsMachine, isReady, type JobRecord, type MachineWish, NO_PROGRESS } from './record.ts';
import type { Runner } from './runner.ts';
import { undo } from './steps.ts';
import type { JobStore } from './store.ts';
import { checkRequest, DEFAULTS, type MachineRequest } from './wish.ts';

export interface MachineSettings {
  /** Ubuntu release to the id of its template. */
  readonly templates: Readonly<Record<string, number>>;
  /** Absent: the node of the template. */
  readonly node: string | null;
  /** What one user may hold; null: as much as there is. */
  readonly quota: { readonly vms: number; readonly cores: number; readonly memory: number } | null;
}

/** Machines and the jobs that make them. */
export interface Machines {
  readonly settings: MachineSettings;
  /** Looks at everything first; what it answers is a job that runs by itself. */
  create(actor: Actor, request: MachineRequest, idempotencyKey: string | null): Promise<Result<JobRecord>>;
  list(actor: Actor): Promise<Result<JobRecord[]>>;
  /** By the id of its job or by its name. */
  get(actor: Actor, key: string): Promise<Result<JobRecord>>;
  jobs(actor: Actor, limit: number): Promise<Result<JobRecord[]>>;
  job(actor: Actor, id: string): Promise<Result<JobRecord>>;
  cancel(actor: Actor, id: string): Promise<Result<JobRecord>>;
  /** A new job for the same wish. */
  retry(actor: Actor, id: string): Promise<Result<JobRecord>>;
  power(actor: Actor, key: string, to: 'start' | 'stop'): Promise<Result<JobRecord>>;
  /** Stopped, deleted, and looked up again. Removes what a failed job left, too. */
  remove(actor: Actor, key: string): Promise<Result<JobRecord>>;
}

interface Dependencies {
  readonly store: JobStore & Pick<ConnectionStore, 'connection' | 'connections'>;
  readonly outlets: Outlets;
  readonly runner: Runner;
  readonly settings: MachineSettings;
  readonly clock: Clock;
  readonly newId: () => string;
}

const READ_SCOPE = 'read:machines';
const WRITE_SCOPE = 'write:machines';
/** Creates that come together are judged by one look at the system. */
const LOOK_COUNTS_MS = 2000;

export function createMachines({ store, outlets, runner, settings, clock, newId }: Dependencies): Machines {
  const mayRead = (actor: Actor): Result<void> =>
    actor.scopes.has(READ_SCOPE) || actor.scopes.has(WRITE_SCOPE)
      ? ok(undefined)
      : err(missingScope([READ_SCOPE, WRITE_SCOPE], 'see machines'));

  /** One's own with the scope; those of others also need the right to manage connections. */
  function mayWrite(actor: Actor, doing: string, owner = actor.username): Result<void> {
    if (!actor.scopes.has(WRITE_SCOPE)) return err(missingScope([WRITE_SCOPE], doing));
    if (owner === actor.username || actor.scopes.has(MANAGE_SCOPE)) return ok(undefined);
    return err(missingScope([MANAGE_SCOPE], `${doing} of ${owner}`));
  }

  const looks = new Map<string, { readonly at: number; readonly seen: Promise<Result<Readiness>> }>();

  function ready(
    actor: Actor,
    connection: ConnectionRecord,
    wish: Parameters<typeof readyToClone>[2],
  ): Promise<Result<Readiness>> {
    const key = JSON.stringify([connection.id, connection.revision, wish]);
    const kept = looks.get(key);
    if (kept !== undefined && clock() - kept.at < LOOK_COUNTS_MS) return kept.seen;
    const seen = outlets
      .use(actor, connection.id, ({ subject, carrier }) => readyToClone(subject, carrier, wish))
      .then((found) =>
        found.ok || found.error.code !== 'upstream_failed'
          ? found
          : err({ ...found.error, code: 'preflight_failed' as const }),
      );
    for (const [each, { at }] of looks) if (clock() - at >= LOOK_COUNTS_MS) looks.delete(each);
    looks.set(key, { at: clock(), seen });
    return seen;
  }

  async function connectionFor(key: string | undefined): Promise<Result<ConnectionRecord>> {
    if (key !== undefined) {
      const named = await store.connection(key);
      if (named === null) return err(unknownConnection(key));
      return named.kind === 'proxmox'
        ? ok(named)
        : err(fault('not_supported', `'${named.name}' is no connection to proxmox.`));
    }
    const all = await store.connections('proxmox');
    const [only] = all;
    if (only !== undefined && all.length === 1) return ok(only);
    return err(
      fault(
        'invalid_request',
        all.length === 0
          ? 'connection: there is none to Proxmox VE yet.'
          : 'connection: there are several; say which.',
        {
          fields: [{ field: 'connection', message: all.map(({ name }) => name).join(', ') || 'none' }],
          fix:
            all.length === 0
              ? 'Make one: tessera connection create NAME --kind proxmox'
              : 'Name one of them.',
        },
      ),
    );
  }

  const nameTaken = (name: string) =>
    err(
      fault('name_taken', `name: there is a guest '${name}' already.`, {
        fields: [{ field: 'name', message: 'is taken' }],
        fix: 'Choose another name.',
      }),
    );

  function overQuota(actor: Actor, held: readonly JobRecord[], wish: MachineWish) {
    const { quota } = settings;
    if (quota === null) return null;
    const own = held.filter((job) => job.owner === actor.username).map((job) => job.wish);
    const sum = (of: (each: MachineWish) => number): number =>
      [...own, wish].reduce((total, each) => total + of(each), 0);
    const parts: [string, number, number][] = [
      ['machines', sum(() => 1), quota.vms],
      ['cores', sum((each) => each.cores), quota.cores],
      ['MiB of memory', sum((each) => each.memory), quota.memory],
    ];
    const over = parts.find(([, wanted, most]) => wanted > most);
    if (over === undefined) return null;
    return fault('machine_quota', `With it you would hold ${over[1]} ${over[0]}; ${over[2]} are allowed.`, {
      fix: 'Delete a machine, ask for a smaller one, or ask an administrator (TESSERA_MACHINE_QUOTA).',
    });
  }

  async function find(actor: Actor, key: string): Promise<Result<JobRecord>> {
    const allowed = mayRead(actor);
    if (!allowed.ok) return allowed;
    const byId = await store.job(key);
    const found = byId ?? (await store.jobsWithMachines()).filter((job) => job.name === key)[0];
    return found === undefined
      ? err(fault('not_found', `There is no machine '${key}'.`, { fix: "See 'tessera vm list'." }))
      : ok(found);
  }

  async function getJob(actor: Actor, id: string): Promise<Result<JobRecord>> {
    const allowed = mayRead(actor);
    if (!allowed.ok) return allowed;
    const job = await store.job(id);
    return job === null
      ? err(fault('not_found', `There is no job '${id}'.`, { fix: "See 'tessera job list'." }))
      : ok(job);
  }

  async function note(
    actor: Actor,
    job: JobRecord,
    action: AuditAction,
    more: Partial<JobRecord> = {},
  ): Promise<Result<JobRecord>> {
    return store.change<JobRecord>(async (tx) => {
      const present = (await tx.job(job.id)) ?? job;
      const next = { ...present, ...more, updatedAt: seconds(clock) };
      await tx.putJob(next);
      await tx.audit(
        auditEntry(clock(), actor, {
          action,
          subject: job.name,
          detail: { job: job.id, vmid: job.progress.vmid },
        }),
      );
      return ok(next);
    });
  }

  async function create(
    actor: Actor,
    request: MachineRequest,
    idempotencyKey: string | null,
  ): Promise<Result<JobRecord>> {
    const allowed = mayWrite(actor, 'create machines');
    if (!allowed.ok) return allowed;
    const template = checkRequest(request, settings.templates);
    if (!template.ok) return template;
    const asked = textOf(request);
    const same = (job: JobRecord): Result<JobRecord> =>
      job.name === request.name && (job.wish.asked ?? asked) === asked
        ? ok(job)
        : err(
            fault('conflict', 'Idempotency-Key: it was used for another request.', {
              fix: 'Send a new key.',
            }),
          );
    const earlier = idempotencyKey === null ? null : await store.jobByKey(actor.username, idempotencyKey);
    if (earlier !== null) return same(earlier);
    const connection = await connectionFor(request.connection);
    if (!connection.ok) return connection;
    const { id: connectionId, name: connectionName } = connection.value;
    const taken = (held: readonly JobRecord[]): boolean =>
      held.some((job) => job.connectionId === connectionId && job.name === request.name);
    if (taken(await store.jobsWithMachines())) return nameTaken(request.name);
    const node = request.node ?? settings.node ?? undefined;
    const { storage, bridge, gateway } = request;
    const disk = request.disk ?? DEFAULTS.disk;
    const place = defined({ storage, bridge });
    const found = await ready(actor, connection.value, {
      template: template.value,
      version: request.version,
      diskGib: disk,
      ...defined({ node }),
      ...place,
    });
    if (!found.ok) return found;
    if (found.value.names.includes(request.name)) return nameTaken(request.name);
    const wish: MachineWish = {
      version: request.version,
      template: template.value,
      node: found.value.node,
      cores: request.cores ?? DEFAULTS.cores,
      memory: request.memory ?? DEFAULTS.memory,
      disk,
      ...place,
      user: request.user ?? DEFAULTS.user,
      sshKeys: request.sshKeys ?? [],
      ip: request.ip ?? DEFAULTS.ip,
      ...defined({ gateway }),
      nameservers: request.nameservers ?? [],
      ...(idempotencyKey === null ? {} : { asked }),
    };
    const now = seconds(clock);
    const job: JobRecord = {
      id: newId(),
      owner: actor.username,
      connectionId,
      connectionName,
      name: request.name,
      state: 'queued',
      wish,
      progress: {
        ...NO_PROGRESS,
        steps: [{ state: 'queued', atMs: clock(), note: '' }],
      },
      idempotencyKey,
      cancelRequested: false,
      createdAt: now,
      updatedAt: now,
      endedAt: null,
      goneAt: null,
    };
    const made = await store.change<JobRecord>(async (tx) => {
      const again = idempotencyKey === null ? null : await tx.jobByKey(actor.username, idempotencyKey);
      if (again !== null) return same(again);
      const held = await tx.jobsWithMachines();
      if (taken(held)) return nameTaken(request.name);
      const over = overQuota(actor, held, wish);
      if (over !== null) return err(over);
      await tx.insertJob(job);
      const { version, cores, memory } = wish;
      await tx.audit(
        auditEntry(clock(), actor, {
          action: 'job.created',
          subject: job.name,
          detail: {
            job: job.id,
            connection: connectionName,
            template: wish.template,
            version,
            cores,
            memory,
            disk,
          },
        }),
      );
      return ok(job);
    });
    if (made.ok) runner.wake();
    return made;
  }

  return {
    settings,
    create,

    async list(actor) {
      const allowed = mayRead(actor);
      return allowed.ok ? ok(await store.jobsWithMachines()) : allowed;
    },

    get: find,
    job: getJob,

    async jobs(actor, limit) {
      const allowed = mayRead(actor);
      return allowed.ok ? ok(await store.jobs({ limit })) : allowed;
    },

    async cancel(actor, id) {
      const job = await getJob(actor, id);
      if (!job.ok) return job;
      const allowed = mayWrite(actor, 'cancel jobs', job.value.owner);
      if (!allowed.ok) return allowed;
      const asked = await store.change<JobRecord>(async (tx) => {
        const present = await tx.job(id);
        if (present === null || present.endedAt !== null)
          return err(
            fault('conflict', 'The job has ended.', {
              fix: `Delete the machine: tessera vm delete ${job.value.name}`,
            }),
          );
        const next = { ...present, cancelRequested: true };
        await tx.putJob(next);
        await tx.audit(
          auditEntry(clock(), actor, { action: 'job.cancelled', subject: present.name, detail: { job: id } }),
        );
        return ok(next);
      });
      runner.wake();
      return asked;
    },

    async retry(actor, id) {
      const job = await getJob(actor, id);
      if (!job.ok) return job;
      const { name, endedAt, connectionId, owner } = job.value;
      const { asked: _, ...wish } = job.value.wish;
      const allowed = mayWrite(actor, 'retry jobs', owner);
      if (!allowed.ok) return allowed;
      if (endedAt === null)
        return err(
          fault('conflict', 'The job is still under way.', {
            fix: `Follow it: tessera job show ${id} --follow`,
          }),
        );
      if (isReady(job.value)) return err(fault('conflict', 'The job is done; there is nothing to do again.'));
      return create(actor, { ...wish, name, connection: connectionId }, null);
    },

    async power(actor, key, to) {
      const job = await find(actor, key);
      if (!job.ok) return job;
      const allowed = mayWrite(actor, `${to} machines`, job.value.owner);
      if (!allowed.ok) return allowed;
      if (!isReady(job.value) || job.value.goneAt !== null)
        return err(fault('conflict', `'${job.value.name}' is not there, or not ready yet.`));
      const done = await runner.withTools(job.value, (tools) => power(job.value, tools, to));
      return done.ok ? note(actor, job.value, to === 'start' ? 'machine.started' : 'machine.stopped') : done;
    },

    async remove(actor, key) {
      const job = await find(actor, key);
      if (!job.ok) return job;
      const allowed = mayWrite(actor, 'delete machines', job.value.owner);
      if (!allowed.ok) return allowed;
      if (job.value.endedAt === null)
        return err(
          fault('conflict', `'${job.value.name}' is being made.`, {
            fix: `Cancel it: tessera job cancel ${job.value.id}`,
          }),
        );
      if (!holdsMachine(job.value)) return err(fault('not_found', `There is no machine '${key}' any more.`));
      const gone = await runner.withTools(job.value, (tools) => undo(job.value, tools));
      return gone.ok ? note(actor, job.value, 'machine.deleted', { goneAt: seconds(clock) }) : gone;
    },
  };
}

/** The same text for the same request, in whatever order it was written. */
const textOf = (request: MachineRequest): string =>
  JSON.stringify(Object.entries(request).sort(([one], [other]) => (one < other ? -1 : 1)));
