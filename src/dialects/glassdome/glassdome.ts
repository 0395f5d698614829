import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { defined } from '../../base/defined.ts';
import { fault, fieldFault } from '../../base/fault.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Authenticate } from '../../http/authenticate.ts';
import { Refusal } from '../../http/framework-fault.ts';
import { parseJson } from '../../http/json.ts';
import { route } from '../../http/route.ts';
import { keyOf } from '../../http/routes/machines/machines.ts';
import type { Machines } from '../../machines/machines.ts';
import { isReady, type JobRecord } from '../../machines/record.ts';
import type { JobWatch } from '../../machines/watch.ts';

interface Needs {
  readonly authenticate: Authenticate;
  readonly machines: Machines;
  readonly watch: JobWatch;
}

/** The guide's call says `version`, its program `ubuntu_version`; both mean the same. */
const Create = z
  .strictObject({
    name: z.string().min(1).max(253),
    version: z.string().max(20).optional(),
    ubuntu_version: z.string().max(20).optional(),
    node: z.string().min(1).max(63).optional(),
    cores: z.int().min(1).max(128).optional(),
    memory: z.int().min(256).max(1_048_576).optional().meta({ description: 'MiB' }),
    disk_size: z.int().min(1).max(65_536).optional().meta({ description: 'GiB' }),
    network: z.string().min(1).max(15).optional(),
    storage: z.string().min(1).max(100).optional(),
    use_template: z.literal(true).optional(),
  })
  .meta({ id: 'GlassdomeCreate' });

const Status = z
  .object({
    job_id: z.string(),
    status_url: z.string(),
    events_url: z.string(),
    status: z.string(),
    vm: z.object({ name: z.string(), version: z.string(), template_id: z.int(), node: z.string() }),
    vmid: z.int().nullable(),
    node: z.string(),
    ip: z.string().nullable(),
    steps: z.array(z.object({ status: z.string(), at: z.string(), note: z.string() })),
    error: z.object({ code: z.string(), message: z.string(), fix: z.string() }).nullable(),
    leftover: z.string().nullable(),
  })
  .meta({ id: 'GlassdomeStatus' });

const ROOT = '/api/agents';
/** The token is judged anew this often. */
const LOOK_MS = 1000;
const WAIT_MS = 20 * 60 * 1000;

/** The one call of the Glassdome guide, and the status that its original never had. */
export function glassdomeDialect(app: FastifyInstance, { authenticate, machines, watch }: Needs): void {
  const tag = 'Glassdome';

  app.register(async (scope) => {
    // One of the guide's two commands names no content type; what is in the body is JSON all the same.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => {
      const parsed = parseJson(String(text));
      if (parsed.ok) done(null, parsed.value);
      else done(new Refusal(parsed.error), undefined);
    });

    route(scope, authenticate, {
      method: 'POST',
      path: `${ROOT}/ubuntu/create`,
      tag,
      summary: 'Create an Ubuntu machine',
      description: 'With `?wait=true` it answers 201 when the machine runs, or why it does not.',
      query: z.strictObject({ wait: z.enum(['true', 'false']).default('false') }),
      body: Create,
      response: Status,
      status: 202,
      statusFor: { status: 201, when: ({ status }) => status === 'done' || status === 'done_without_ip' },
      faults: ['insufficient_scope', 'name_taken', 'preflight_failed', 'upstream_failed'],
      async handle({ body, query, caller, request, reply }) {
        const { name, version, ubuntu_version: alias, disk_size: disk, network: bridge } = body;
        if (version !== undefined && alias !== undefined && version !== alias)
          return err(fieldFault('invalid_request', 'ubuntu_version', 'says another release than version'));
        const { node, cores, memory, storage } = body;
        const release = version ?? alias ?? '22.04';
        const wish = defined({ name, version: release, node, cores, memory, disk, bridge, storage });
        const made = await machines.create(caller.actor, wish, keyOf(request.headers['idempotency-key']));
        if (!made.ok) return made;
        reply.header('location', statusUrl(made.value));
        if (query.wait === 'false') return ok(present(made.value));
        const look = async (): Promise<Result<JobRecord>> => {
          const now = await authenticate(request.raw, { usedOn: 'api' });
          return now.ok ? machines.job(now.value.actor, made.value.id) : now;
        };
        return waited(look, watch, made.value.id, () => request.raw.socket.destroyed);
      },
    });
  });

  route(app, authenticate, {
    method: 'GET',
    path: `${ROOT}/jobs/:id`,
    tag,
    summary: 'How far a machine is',
    params: z.object({ id: z.string().max(80) }),
    response: Status,
    faults: ['insufficient_scope', 'not_found'],
    async handle({ params, caller }) {
      const job = await machines.job(caller.actor, params.id);
      return job.ok ? ok(present(job.value)) : job;
    },
  });

  route(app, authenticate, {
    method: 'GET',
    path: `${ROOT}/ubuntu/versions`,
    tag,
    summary: 'Releases there is a template for',
    response: z.object({ versions: z.record(z.string(), z.int()) }),
    handle: async () => ok({ versions: { ...machines.settings.templates } }),
  });
}

/** The job when it has ended, and as it is when nobody waits any more or this process is stopping. */
async function waited(
  look: () => Promise<Result<JobRecord>>,
  watch: JobWatch,
  id: string,
  left: () => boolean,
): Promise<Result<z.infer<typeof Status>>> {
  for (const until = Date.now() + WAIT_MS; ; ) {
    const job = await look();
    if (!job.ok) return job;
    if (job.value.endedAt === null && Date.now() < until && !left() && !watch.closed) {
      await watch.next(id, LOOK_MS);
      continue;
    }
    if (job.value.endedAt === null || isReady(job.value)) return ok(present(job.value));
    const { finding, leftover } = job.value.progress;
    const undone = leftover === null ? 'Nothing of it is left.' : `Left over: ${leftover}.`;
    return err(
      fault('preflight_failed', `${finding?.sentence ?? 'The job was cancelled.'} ${undone}`, {
        ...(finding === null
          ? {}
          : { fix: finding.fix, fields: [{ field: finding.code, message: finding.evidence }] }),
      }),
    );
  }
}

const statusUrl = (job: JobRecord): string => `${ROOT}/jobs/${job.id}`;

function present(job: JobRecord): z.infer<typeof Status> {
  const { wish, progress } = job;
  const { finding } = progress;
  return {
    job_id: job.id,
    status_url: statusUrl(job),
    events_url: `/api/v1/jobs/${job.id}/events`,
    status: job.state,
    vm: { name: job.name, version: wish.version, template_id: wish.template, node: wish.node },
    vmid: progress.vmid,
    node: wish.node,
    ip: progress.ip,
    steps: progress.steps.map(({ state, atMs, note }) => ({
      status: state,
      at: new Date(atMs).toISOString(),
      note,
    })),
    error: finding === null ? null : { code: finding.code, message: finding.sentence, fix: finding.fix },
    leftover: progress.leftover,
  };
}
