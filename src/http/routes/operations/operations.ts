import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { z } from 'zod';

export interface OperationRouteNeeds {
  readonly metrics: Pick<Registry, 'contentType' | 'metrics'>;
  /** What keeps this process from answering safely; empty when it is ready. */
  readonly obstacles: () => Promise<string[]>;
}

export function operationRoutes(app: FastifyInstance, { metrics, obstacles }: OperationRouteNeeds): void {
  const tag = 'Operations';

  app.get(
    '/health',
    {
      schema: {
        tags: [tag],
        summary: 'The process is alive',
        response: { 200: z.object({ status: z.string() }) },
      },
    },
    async () => ({ status: 'healthy' }),
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
