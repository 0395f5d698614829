import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { defined } from '../../../base/defined.ts';
import { ok, type Result } from '../../../base/result.ts';
import type { GuestStates } from '../../../machines/guest-states.ts';
import type { Machines } from '../../../machines/machines.ts';
import type { JobRecord } from '../../../machines/record.ts';
import {
  CreateMachine,
  Job,
  JobId,
  JobList,
  JobQuery,
  MachineKey,
  MachineSettings,
} from '../../../wire/machines.ts';
import type { Authenticate } from '../../authenticate.ts';
import { route } from '../../route.ts';
import { presentJob } from './present.ts';

interface Needs {
  readonly authenticate: Authenticate;
  readonly machines: Machines;
  readonly guests: GuestStates;
}

const Keyed = z.object({ key: MachineKey });
const OneJob = z.object({ id: JobId });
const IdempotencyKey = /^[\x21-\x7e]{1,200}$/;
const FAULTS = ['insufficient_scope', 'not_found', 'conflict', 'upstream_failed'] as const;

const shown = (result: Result<JobRecord>): Result<Job> => (result.ok ? ok(presentJob(result.value)) : result);
const listed = (result: Result<JobRecord[]>): Result<JobList> =>
  result.ok ? ok({ items: result.value.map((job) => presentJob(job)) }) : result;

/** A machine is shown as the job that made it. */
export function machineRoutes(app: FastifyInstance, { authenticate, machines, guests }: Needs): void {
  const tag = 'Machines';

  /** With what their guests do now. */
  async function seen(jobs: readonly JobRecord[]): Promise<Job[]> {
    const states = await guests.of(jobs);
    return jobs.map((job) => presentJob(job, states.get(job.id)));
  }

  route(app, authenticate, {
    method: 'POST',
    path: '/api/v1/machines',
    tag,
    summary: 'Create a virtual machine from a template',
    description:
      'Everything is looked at before anything is made. The answer is a job; with `Idempotency-Key` the same request made twice is one job.',
    body: CreateMachine,
    response: Job,
    status: 202,
    faults: [...FAULTS, 'name_taken', 'preflight_failed', 'machine_quota'],
    async handle({ body, caller, request, reply }) {
      const { ssh_keys: sshKeys, ...rest } = body;
      const wish = defined({ ...rest, sshKeys });
      const made = await machines.create(caller.actor, wish, keyOf(request.headers['idempotency-key']));
      if (made.ok) reply.header('location', `/api/v1/jobs/${made.value.id}`);
      return shown(made);
    },
  });

  route(app, authenticate, {
    method: 'GET',
    path: '/api/v1/machines',
    tag,
    summary: 'List machines that are there, being made, or left over',
    description:
      'With the state of each guest. Each connection is asked once; one that does not answer leaves states unknown.',
    response: JobList,
    faults: ['insufficient_scope'],
    async handle({ caller }) {
      const held = await machines.list(caller.actor);
      return held.ok ? ok({ items: await seen(held.value) }) : held;
    },
  });

  route(app, authenticate, {
    method: 'GET',
    path: '/api/v1/machine-settings',
    tag,
    summary: 'Templates, default node and quota of this server',
    response: MachineSettings,
    async handle() {
      const { templates, node, quota } = machines.settings;
      const versions = Object.entries(templates).map(([version, template]) => ({ version, template }));
      return ok({ templates: versions, node, quota });
    },
  });

  route(app, authenticate, {
    method: 'GET',
    path: '/api/v1/machines/:key',
    tag,
    summary: 'One machine',
    params: Keyed,
    response: Job,
    faults: ['insufficient_scope', 'not_found'],
    async handle({ params, caller }) {
      const job = await machines.get(caller.actor, params.key);
      if (!job.ok) return job;
      const states = await guests.of([job.value]);
      return ok(presentJob(job.value, states.get(job.value.id)));
    },
  });

  for (const to of ['start', 'stop'] as const) {
    route(app, authenticate, {
      method: 'POST',
      path: `/api/v1/machines/:key/${to}`,
      tag,
      summary: to === 'start' ? 'Start a machine' : 'Stop a machine at once',
      description: 'Answers when the machine was seen to have done it.',
      params: Keyed,
      response: Job,
      faults: FAULTS,
      async handle({ params, caller }) {
        const job = await machines.power(caller.actor, params.key, to);
        if (!job.ok) return job;
        guests.forget(job.value.connectionId);
        return ok(presentJob(job.value, { is: to === 'start' ? 'running' : 'stopped', why: null }));
      },
    });
  }

  route(app, authenticate, {
    method: 'DELETE',
    path: '/api/v1/machines/:key',
    tag,
    summary: 'Stop and delete a machine, or what a failed job left',
    params: Keyed,
    response: Job,
    faults: FAULTS,
    async handle({ params, caller }) {
      const job = await machines.remove(caller.actor, params.key);
      if (!job.ok) return job;
      guests.forget(job.value.connectionId);
      return ok(presentJob(job.value, { is: 'gone', why: null }));
    },
  });

  route(app, authenticate, {
    method: 'GET',
    path: '/api/v1/jobs',
    tag,
    summary: 'List jobs, newest first',
    query: JobQuery,
    response: JobList,
    faults: ['insufficient_scope'],
    handle: async ({ query, caller }) => listed(await machines.jobs(caller.actor, query.limit)),
  });

  route(app, authenticate, {
    method: 'GET',
    path: '/api/v1/jobs/:id',
    tag,
    summary: 'One job with its steps',
    params: OneJob,
    response: Job,
    faults: ['insufficient_scope', 'not_found'],
    handle: async ({ params, caller }) => shown(await machines.job(caller.actor, params.id)),
  });

  for (const what of ['cancel', 'retry'] as const) {
    route(app, authenticate, {
      method: 'POST',
      path: `/api/v1/jobs/:id/${what}`,
      tag,
      summary: what === 'cancel' ? 'Cancel a job and undo what it made' : 'Do the same again as a new job',
      params: OneJob,
      response: Job,
      status: 202,
      faults: [
        ...FAULTS,
        ...(what === 'retry' ? (['name_taken', 'preflight_failed', 'machine_quota'] as const) : []),
      ],
      handle: async ({ params, caller }) => shown(await machines[what](caller.actor, params.id)),
    });
  }
}

/** Unusable keys count as none: nothing would be won by refusing them. */
export const keyOf = (header: string | string[] | undefined): string | null =>
  typeof header === 'string' && IdempotencyKey.test(header) ? header : null;
