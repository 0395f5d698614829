import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Clock } from '../../../base/clock.ts';
import type { Result } from '../../../base/result.ts';
import type { Machines } from '../../../machines/machines.ts';
import { hasEnded, type JobRecord } from '../../../machines/record.ts';
import type { JobWatch } from '../../../machines/watch.ts';
import { Problem } from '../../../wire/common.ts';
import { Job, JobId, JobMoment } from '../../../wire/machines.ts';
import type { Authenticate } from '../../authenticate.ts';
import { problemOf } from '../../problem.ts';
import { admission, noteForbidden, SECURITY, sendFault } from '../../route.ts';
import { presentJob, presentStep } from './present.ts';

interface Needs {
  readonly authenticate: Authenticate;
  readonly machines: Machines;
  readonly watch: JobWatch;
  readonly clock: Clock;
}

const PATH = '/api/v1/jobs/:id/events';
/** The token is judged anew this often, and whenever anything changes that rights rest on. */
const JUDGE_MS = 1000;
/** A line now and then, so that nothing between the two ends takes the silence for the end. */
const HEARTBEAT_MS = 15_000;
const LAST = 'end';

/** The steps of a job as server-sent events, from where the listener left off until the job has ended. */
export function jobEventRoute(app: FastifyInstance, { authenticate, machines, watch, clock }: Needs): void {
  /** The job, as far as the sender of this request may see it at this moment. */
  async function look(request: FastifyRequest, id: string): Promise<Result<JobRecord>> {
    const caller = await authenticate(request.raw, { usedOn: 'api', pattern: PATH });
    if (!caller.ok) return caller;
    const job = await machines.job(caller.value.actor, id);
    if (!job.ok) noteForbidden(caller.value, job.error);
    return job;
  }

  async function* events(
    request: FastifyRequest,
    id: string,
    first: JobRecord,
    from: number,
  ): AsyncGenerator<string, void, void> {
    let told = from;
    yield 'retry: 2000\n\n';
    let job = first;
    let quietSince = clock();
    for (;;) {
      for (const step of job.progress.steps.slice(told)) {
        told += 1;
        quietSince = clock();
        yield message('step', String(told), presentStep(step));
      }
      if (hasEnded(job.state)) {
        yield message(LAST, LAST, presentJob(job));
        return;
      }
      await watch.next(id, JUDGE_MS);
      // The listener comes back by itself, to a process that stays.
      if (watch.closed) return;
      const now = await look(request, id);
      if (!now.ok) {
        yield message('refused', null, problemOf(now.error, request.id));
        return;
      }
      job = now.value;
      if (clock() - quietSince < HEARTBEAT_MS) continue;
      quietSince = clock();
      yield ': still here\n\n';
    }
  }

  const { onRequest, callerOf } = admission(authenticate, { pattern: PATH });
  app.route({
    method: 'GET',
    url: PATH,
    schema: {
      tags: ['Machines'],
      summary: 'Steps of a job as server-sent events',
      description:
        'Events: `step` for each step, its number as id; `end` with the job; `refused` with a problem document when ' +
        'the token no longer suffices. `Last-Event-ID` goes on after that event; 204 when there is nothing more to come.',
      params: z.object({ id: JobId }),
      security: SECURITY,
      response: {
        200: {
          description: 'A stream of events',
          content: { 'text/event-stream': { schema: z.union([JobMoment, Job, Problem]) } },
        },
        204: z.null().meta({ description: 'The listener has heard everything' }),
        401: Problem,
        403: Problem,
        404: Problem,
        default: Problem,
      },
    },
    onRequest,
    handler: async (request, reply) => {
      const caller = callerOf(request);
      const { id } = request.params as { id: string };
      const job = await machines.job(caller.actor, id);
      if (!job.ok) {
        noteForbidden(caller, job.error);
        return sendFault(reply, job.error);
      }
      const heard = request.headers['last-event-id'];
      if (heard === LAST && hasEnded(job.value.state)) return reply.code(204).send();
      const told = heard === LAST ? job.value.progress.steps.length : Number(heard);
      return (
        reply
          .header('content-type', 'text/event-stream')
          .header('cache-control', 'no-store')
          // nginx would gather the events before it passes them on.
          .header('x-accel-buffering', 'no')
          .send(
            Readable.from(events(request, id, job.value, Number.isInteger(told) && told > 0 ? told : 0), {
              highWaterMark: 1,
            }),
          )
      );
    },
  });
}

const message = (event: string, id: string | null, data: object): string =>
  `event: ${event}\n${id === null ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
