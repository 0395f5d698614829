import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type LightMyRequestResponse, type RouteOptions } from 'fastify';
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import { PROBLEM_TYPE } from './problem.ts';

export interface OpenapiReader {
  document(): object;
  /** The page and what belongs to it, by address below `/docs`. */
  page(url: string, headers: Record<string, string>): Promise<LightMyRequestResponse>;
}

/** Its own files only; and not raised to https, which a server in a house may not speak. */
const POLICY = {
  'default-src': "'self'",
  'base-uri': "'self'",
  'frame-ancestors': "'none'",
  'img-src': ["'self'", 'data:'],
  'object-src': "'none'",
};

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

/** Reads the schemas of routes that are served elsewhere; nothing here ever listens. */
export async function createOpenapiReader(
  routes: readonly RouteOptions[],
  publicUrl: string,
  version: string,
): Promise<OpenapiReader> {
  const app = Fastify({ exposeHeadRoutes: false });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
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
    staticCSP: POLICY,
    uiConfig: { deepLinking: true, layout: 'BaseLayout', docExpansion: 'list' },
    theme: { title: 'Tessera API' },
  });
  for (const { method, url, schema } of routes) {
    if (schema === undefined || (schema as { hide?: boolean }).hide === true) continue;
    app.route({ method, url, schema, handler: () => undefined });
  }
  await app.ready();
  return {
    document: () => app.swagger(),
    page: async (url, headers) => app.inject({ method: 'GET', url, headers }),
  };
}
