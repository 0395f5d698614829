import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { missingScope } from '../../access/policy.ts';
import type { Actor } from '../../access/principal.ts';
import type { Result } from '../../base/result.ts';
import { MANAGE_SCOPE } from '../../connections/access.ts';
import type { Authenticate, Caller } from '../../http/authenticate.ts';
import { noteForbidden } from '../../http/route.ts';
import { ADMIN_NEEDED, refuse, VIEW_NEEDED } from './answer.ts';
import { AtlasError } from './shapes.ts';

type Schema = z.ZodType | undefined;
type Output<T extends Schema> = T extends z.ZodType ? z.output<T> : undefined;

interface Input<B extends Schema, Q extends Schema, P extends Schema> {
  readonly body: Output<B>;
  readonly query: Output<Q>;
  readonly params: Output<P>;
  readonly actor: Actor;
  readonly reply: FastifyReply;
}

interface Call<B extends Schema, Q extends Schema, P extends Schema> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below both names of the surface. */
  readonly path: string;
  readonly summary: string;
  readonly body?: B;
  readonly query?: Q;
  readonly params?: P;
  readonly response: z.ZodType;
  /** Whoever may not manage connections hears so before the body is looked at. */
  readonly admin?: boolean;
  /** A value is sent as JSON; a reply that was sent already is left alone. */
  handle(input: Input<B, Q, P>): Promise<Result<unknown>>;
}

export type AddCall = <
  B extends Schema = undefined,
  Q extends Schema = undefined,
  P extends Schema = undefined,
>(
  call: Call<B, Q, P>,
) => void;

/** Both names answer alike; the first is the one to be documented. */
export const FOLDERS = ['/api/foreman', '/foreman'] as const;

export function calls(app: FastifyInstance, authenticate: Authenticate): AddCall {
  return (call) => {
    const forbidden = call.admin === true ? ADMIN_NEEDED : VIEW_NEEDED;
    for (const folder of FOLDERS) {
      const callers = new WeakMap<FastifyRequest, Caller>();
      app.route({
        method: call.method,
        url: `${folder}${call.path}`,
        schema: {
          tags: ['Atlas'],
          summary: call.summary,
          hide: folder !== FOLDERS[0],
          ...(call.body === undefined ? {} : { body: call.body }),
          ...(call.query === undefined ? {} : { querystring: call.query }),
          ...(call.params === undefined ? {} : { params: call.params }),
          security: [{ bearer: [] }],
          response: {
            200: call.response,
            400: AtlasError,
            401: AtlasError,
            403: AtlasError,
            404: AtlasError,
            default: AtlasError,
          },
        },
        onRequest: async (request, reply) => {
          const caller = await authenticate(request.raw, {
            usedOn: 'atlas',
            pattern: `${folder}${call.path}`,
          });
          if (!caller.ok) return refuse(reply, caller.error);
          if (call.admin === true && !caller.value.actor.scopes.has(MANAGE_SCOPE)) {
            const refusal = missingScope([MANAGE_SCOPE], 'manage Foreman configurations');
            caller.value.noteRefusal(refusal);
            return refuse(reply, refusal);
          }
          callers.set(request, caller.value);
        },
        handler: async (request, reply) => {
          const caller = callers.get(request);
          if (caller === undefined) throw new Error('unreachable: the request was not authenticated');
          const done = await call.handle({
            body: request.body as never,
            query: request.query as never,
            params: request.params as never,
            actor: caller.actor,
            reply,
          });
          if (!done.ok) {
            noteForbidden(caller, done.error);
            return refuse(reply, done.error, forbidden);
          }
          if (reply.sent || done.value === reply) return reply;
          return reply.code(200).header('cache-control', 'no-store').send(done.value);
        },
      });
    }
  };
}
