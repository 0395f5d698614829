import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { defined } from '../../../base/defined.ts';
import { ok, type Result } from '../../../base/result.ts';
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
}

const Keyed = z.object({ key: MachineKey });
const OneJob = z.object({ id: JobId });
const IdempotencyKey = /^[\x21-\x7e]{1,200}$/;
const FAULTS = ['insufficient_scope', 'not_found', 'conflict', 'upstream_failed'] as const;

const shown = (result: Result<JobRecord>): Result<Job> => (result.ok ? ok(presentJob(result.value)) : result);
const listed = (result: Result<JobRecord[]>): Result<JobList> =>
  result.ok ? ok({ items: result.value.map(presentJob) }) : result;

/** A machine is shown as the job that made it. */
export function machineRoutes(app: FastifyInstance, { authenticate, machines }: Needs): void {
  const tag = 'Machines';

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
    response: JobList,
    faults: ['insufficient_scope'],
    handle: async ({ caller }) => listed(await machines.list(caller.actor)),
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
    handle: async ({ params, caller }) => shown(await machines.get(caller.actor, params.key)),
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
      handle: async ({ params, caller }) => shown(await machines.power(caller.actor, params.key, to)),
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
    handle: async ({ params, caller }) => shown(await machines.remove(caller.actor, params.key)),
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
