import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { OpenapiReader } from './openapi-reader.ts';

/** What the answers of the reader say about the connection they never had. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
]);
const ASKED_WITH = ['accept-encoding', 'if-modified-since', 'if-none-match'];

/**
 * The OpenAPI 3.1 document out of the route schemas, at /openapi.json, and its page at /docs. Both are put together
 * by whoever asks first: what makes them takes a tenth of a start, and most servers are never asked.
 */
export function registerOpenapi(app: FastifyInstance, publicUrl: string, version: string): void {
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => void routes.push(route));

  let made: Promise<OpenapiReader> | null = null;
  const reader = (): Promise<OpenapiReader> => {
    made ??= import('./openapi-reader.ts').then(({ createOpenapiReader }) =>
      createOpenapiReader(routes, publicUrl, version),
    );
    return made;
  };
  const page = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const headers: Record<string, string> = {};
    for (const name of ASKED_WITH) {
      const value = request.headers[name];
      if (typeof value === 'string') headers[name] = value;
    }
    const answer = await (await reader()).page(request.url, headers);
    for (const [name, value] of Object.entries(answer.headers))
      if (value !== undefined && !OF_THE_CONNECTION.has(name)) reply.header(name, value);
    return reply.code(answer.statusCode).send(answer.rawPayload);
  };

  const hide = { schema: { hide: true } };
  app.get('/openapi.json', hide, async () => (await reader()).document());
  app.get('/docs', hide, page);
  app.get('/docs/*', hide, page);
}
