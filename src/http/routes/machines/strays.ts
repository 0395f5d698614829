import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ok } from '../../../base/result.ts';
import type { Stray as StrayFound, Strays } from '../../../machines/strays.ts';
import { MachineStray, MachineStrays } from '../../../wire/machines.ts';
import type { Authenticate } from '../../authenticate.ts';
import { problemOf } from '../../problem.ts';
import { route } from '../../route.ts';

interface Needs {
  readonly authenticate: Authenticate;
  readonly strays: Strays;
}

const Place = z.object({
  connection: z.string().min(1).max(80),
  vmid: z.coerce.number().int().min(100).max(999_999_999),
});

const present = ({ connection, vmid, node, name, jobId, job }: StrayFound): MachineStray => ({
  connection,
  vmid,
  node,
  name,
  job: jobId,
  state: job?.state ?? null,
  owner: job?.owner ?? null,
});

/** Guests with Tessera's mark that no job counts as its machine. */
export function strayRoutes(app: FastifyInstance, { authenticate, strays }: Needs): void {
  const tag = 'Machines';

  route(app, authenticate, {
    method: 'GET',
    path: '/api/v1/strays',
    tag,
    summary: 'Search all connections for guests that no job counts as its machine',
    description: 'Connections that could not be searched are named: nothing is said of what lies there.',
    response: MachineStrays,
    faults: ['insufficient_scope'],
    async handle({ caller, request }) {
      const found = await strays.search(caller.actor);
      if (!found.ok) return found;
      return ok({
        items: found.value.strays.map(present),
        unsearched: found.value.unsearched.map(({ name, fault }) => ({
          connection: name,
          problem: problemOf(fault, request.id).detail ?? fault.message,
        })),
      });
    },
  });

  route(app, authenticate, {
    method: 'DELETE',
    path: '/api/v1/strays/:connection/:vmid',
    tag,
    summary: 'Stop and delete a stray guest',
    params: Place,
    response: MachineStray,
    faults: ['insufficient_scope', 'not_found', 'upstream_failed'],
    async handle({ params, caller }) {
      const removed = await strays.remove(caller.actor, params.connection, params.vmid);
      return removed.ok ? ok(present(removed.value)) : removed;
    },
  });
}
