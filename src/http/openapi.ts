import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { PROBLEM_TYPE } from './problem.ts';

const PROBLEM = '#/components/schemas/Problem';

interface Content {
  [type: string]: { schema?: { $ref?: string } };
}

/** Problem documents travel under a media type of their own (RFC 9457 section 3), which schemas alone do not say. */
function withProblemTypes<T extends object>(document: T): T {
  const { paths = {} } = document as { paths?: Record<string, Record<string, unknown>> };
  for (const operation of Object.values(paths).flatMap((path) => Object.values(path))) {
    const { responses = {} } = operation as { responses?: Record<string, { content?: Content }> };
    for (const response of Object.values(responses)) {
      const json = response.content?.['application/json'];
      if (json?.schema?.$ref === PROBLEM) response.content = { [PROBLEM_TYPE]: json };
    }
  }
  return document;
}

/** The OpenAPI 3.1 document out of the route schemas, at /openapi.json, and its page at /docs. */
export async function registerOpenapi(
  app: FastifyInstance,
  publicUrl: string,
  version: string,
): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tessera',
        version,
        description: 'Mints, verifies, revokes and audits API tokens. Errors are RFC 9457 problem documents.',
      },
      servers: [{ url: publicUrl }],
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description: 'A Tessera token, or an access JWT made from one',
          },
          session: { type: 'apiKey', in: 'cookie', name: 'tessera_session' },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => withProblemTypes(jsonSchemaTransformObject(document)),
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    uiConfig: { deepLinking: true, layout: 'BaseLayout', docExpansion: 'list' },
    theme: { title: 'Tessera API' },
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}
