import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { FastHandler } from '../front.ts';
import type { Guard } from './guard.ts';

const Passed = z.object({ status: z.literal('ok') });
const Refused = z.object({ detail: z.unknown() }).meta({ id: 'GuardRefusal' });
const repeatable = z.union([z.string(), z.array(z.string())]).optional();

/** What the guard's query may say; judged by rule.ts, this is for readers. */
const Query = z.looseObject({
  scope: repeatable.meta({ description: 'Scopes the token must hold; repeatable' }),
  satisfy: z.string().optional().meta({ description: 'all (default) or any' }),
  service: z.string().optional().meta({ description: 'Name of the guarded service' }),
  delegate_to: z.string().optional().meta({ description: 'Hand this service a token of its own' }),
  delegate_scope: repeatable.meta({ description: 'Scopes of the delegated token; repeatable' }),
  notebook: z.string().optional(),
  minimum_lifetime: z.string().optional().meta({ description: 'Seconds the token must still last' }),
  use_authorization: z.string().optional(),
  only_service: repeatable,
  username: z.string().optional(),
  user_domain: z.string().optional(),
  auth_type: z
    .string()
    .optional()
    .meta({ description: 'Scheme of the challenge: bearer (default) or basic' }),
  allow_cookies: z.string().optional(),
  allow_options: z.string().optional(),
});

/** The guard as the framework and its document know it; in practice it answers before the framework is asked. */
export function guardRoutes(app: FastifyInstance, { guard }: { readonly guard: Guard }): void {
  const tag = 'Guard';
  const route = (path: string, handler: FastHandler, summary: string, schema: object): void => {
    app.get(
      path,
      { schema: { tags: [tag], summary, ...schema }, attachValidation: true },
      (request, reply) => {
        reply.hijack();
        handler(request.raw, reply.raw);
      },
    );
  };
  route('/ingress/auth', guard.auth, 'May this request pass (for reverse proxies)', {
    description:
      'Asked with X-Original-URL and X-Original-Method, or the X-Forwarded-* of Traefik and Caddy.',
    querystring: Query,
    response: { 200: Passed, 401: Refused, 403: Refused, 422: Refused, 503: Refused },
  });
  route('/ingress/anonymous', guard.anonymous, 'Strip our credentials and let pass', {
    response: { 200: Passed },
  });
}
