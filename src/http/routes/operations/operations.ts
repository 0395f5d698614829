import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import { z } from 'zod';
import { mayRead } from '../../../connections/access.ts';
import type { ConnectionRecord } from '../../../connections/record.ts';
import type { ConnectionStore } from '../../../connections/store.ts';
import { Health } from '../../../wire/health.ts';
import type { Authenticate } from '../../authenticate.ts';

export interface OperationRouteNeeds {
  readonly authenticate: Authenticate;
  readonly store: Pick<ConnectionStore, 'connections'>;
  readonly metrics: Pick<Registry, 'contentType' | 'metrics'>;
  /** What keeps this process from answering safely; empty when it is ready. */
  readonly obstacles: () => Promise<string[]>;
}

export function operationRoutes(
  app: FastifyInstance,
  { authenticate, store, metrics, obstacles }: OperationRouteNeeds,
): void {
  const tag = 'Operations';

  /** Null for strangers, whatever they sent, and while the database is away: the process is alive all the same. */
  async function connectionsFor(request: FastifyRequest): Promise<ConnectionRecord[] | null> {
    try {
      const caller = await authenticate(request.raw, { usedOn: 'api', pattern: '/health' });
      if (!caller.ok || !mayRead(caller.value.actor, 'see connections').ok) return null;
      return await store.connections();
    } catch {
      return null;
    }
  }

  app.get(
    '/health',
    {
      schema: {
        tags: [tag],
        summary: 'The process is alive',
        description:
          'Always 200 while it is, without a token too. With one that may read connections it names them and says ' +
          'whether their certificates are verified.',
        response: { 200: Health },
      },
    },
    async (request, reply): Promise<Health> => {
      reply.header('cache-control', 'no-store');
      const connections = await connectionsFor(request);
      return {
        status: 'healthy',
        ...(connections === null ? {} : { connections: connections.map(presentSite) }),
      };
    },
  );

  const Ready = z.object({ status: z.string(), reasons: z.array(z.string()) });
  app.get(
    '/ready',
    {
      schema: {
        tags: [tag],
        summary: 'The process can answer safely',
        description: '503 while the database, the change feed or the master key is missing.',
        response: { 200: Ready, 503: Ready },
      },
    },
    async (_request, reply) => {
      const reasons = await obstacles();
      return reply
        .code(reasons.length === 0 ? 200 : 503)
        .header('cache-control', 'no-store')
        .send({ status: reasons.length === 0 ? 'ready' : 'not_ready', reasons });
    },
  );

  app.get(
    '/metrics',
    {
      schema: {
        tags: [tag],
        summary: 'Prometheus metrics',
        response: {
          200: {
            description: 'Text format of Prometheus',
            content: { 'text/plain': { schema: z.string() } },
          },
        },
      },
    },
    async (_request, reply) =>
      reply.header('content-type', metrics.contentType).send(await metrics.metrics()),
  );
}

const presentSite = ({
  name,
  kind,
  origin,
  trust,
}: ConnectionRecord): NonNullable<Health['connections']>[number] => ({
  name,
  kind,
  url: origin,
  certificate: !origin.startsWith('https:')
    ? 'no_tls'
    : trust.mode === 'none'
      ? 'not_verified'
      : trust.mode === 'pin'
        ? 'pinned'
        : 'verified',
});
