import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Fault, FaultCode } from '../base/fault.ts';
import type { Result } from '../base/result.ts';
import { Problem } from '../wire/common.ts';
import type { Authenticate, Caller } from './authenticate.ts';
import { challengeOf, PROBLEM_TYPE, problemOf, statusOf } from './problem.ts';

type Schema = z.ZodType | undefined;
type Output<T extends Schema> = T extends z.ZodType ? z.output<T> : undefined;
type Answer<T extends Schema> = T extends z.ZodType ? z.output<T> : void;

export interface Input<B extends Schema, Q extends Schema, P extends Schema> {
  readonly body: Output<B>;
  readonly query: Output<Q>;
  readonly params: Output<P>;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

interface Description<B extends Schema, Q extends Schema, P extends Schema, R extends Schema> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  readonly body?: B;
  readonly query?: Q;
  readonly params?: P;
  readonly response?: R;
  /** Status of success; 200 unless said, 204 when there is no response. */
  readonly status?: number;
  /** Another status of success that some answers have. */
  readonly statusFor?: { readonly status: number; readonly when: (answer: Answer<R>) => boolean };
  /** Codes this route can answer besides those every route can. */
  readonly faults?: readonly FaultCode[];
  readonly allowBootstrap?: boolean;
}

const Nothing = z.null().meta({ description: 'Done; no body' });

/** A route for everybody. */
export function openRoute<
  B extends Schema = undefined,
  Q extends Schema = undefined,
  P extends Schema = undefined,
  R extends Schema = undefined,
>(
  app: FastifyInstance,
  route: Description<B, Q, P, R> & { handle(input: Input<B, Q, P>): Promise<Result<Answer<R>>> },
): void {
  register(app, route, [], async (request, reply) =>
    route.handle({ ...inputOf<B, Q, P>(request), request, reply }),
  );
}

/** A route for whoever proves who they are; the handler gets the caller. */
export function route<
  B extends Schema = undefined,
  Q extends Schema = undefined,
  P extends Schema = undefined,
  R extends Schema = undefined,
>(
  app: FastifyInstance,
  authenticate: Authenticate,
  route: Description<B, Q, P, R> & {
    handle(input: Input<B, Q, P> & { caller: Caller }): Promise<Result<Answer<R>>>;
  },
): void {
  const { onRequest, callerOf } = admission(authenticate, {
    pattern: route.path,
    ...(route.allowBootstrap === undefined ? {} : { allowBootstrap: route.allowBootstrap }),
  });
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<Result<Answer<R>>> => {
    const caller = callerOf(request);
    const result = await route.handle({ ...inputOf<B, Q, P>(request), request, reply, caller });
    if (!result.ok) noteForbidden(caller, result.error);
    return result;
  };
  register(app, route, SECURITY, answer, onRequest);
}

/** What a route says of the credentials it takes. */
export const SECURITY = [{ bearer: [] }, { session: [] }];

/**
 * Proves who asks before the body is even read, so that whoever is nobody learns nothing about what the route accepts;
 * and keeps who it is for the handler.
 */
export function admission(
  authenticate: Authenticate,
  options: { readonly pattern: string; readonly allowBootstrap?: boolean },
) {
  const callers = new WeakMap<FastifyRequest, Caller>();
  return {
    onRequest: async (request: FastifyRequest, reply: FastifyReply) => {
      const caller = await authenticate(request.raw, { usedOn: 'api', ...options });
      if (!caller.ok) return sendFault(reply, caller.error);
      callers.set(request, caller.value);
    },
    callerOf(request: FastifyRequest): Caller {
      const caller = callers.get(request);
      if (caller === undefined) throw new Error('unreachable: the request was not authenticated');
      return caller;
    },
  };
}

/** Whether the caller was known and the request in order, and it was not allowed: that belongs into the trail. */
export function noteForbidden(caller: Caller, refusal: Fault): void {
  if (statusOf(refusal.code) === 403) caller.noteRefusal(refusal);
}

function inputOf<B extends Schema, Q extends Schema, P extends Schema>(request: FastifyRequest) {
  return {
    body: request.body as Output<B>,
    query: request.query as Output<Q>,
    params: request.params as Output<P>,
  };
}

function register<B extends Schema, Q extends Schema, P extends Schema, R extends Schema>(
  app: FastifyInstance,
  route: Description<B, Q, P, R>,
  security: Record<string, string[]>[],
  handle: (request: FastifyRequest, reply: FastifyReply) => Promise<Result<Answer<R>>>,
  onRequest?: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
): void {
  const status = route.status ?? (route.response === undefined ? 204 : 200);
  const responses: Record<string, unknown> = {
    [status]: route.response ?? Nothing,
    ...(route.statusFor === undefined ? {} : { [route.statusFor.status]: route.response ?? Nothing }),
  };
  const codes: FaultCode[] = [
    'invalid_request',
    ...(onRequest ? (['no_credential', 'forbidden'] as const) : []),
    ...(route.faults ?? []),
  ];
  for (const code of codes) responses[statusOf(code)] ??= Problem;
  responses.default = Problem;

  app.route({
    method: route.method,
    url: route.path,
    schema: {
      tags: [route.tag],
      summary: route.summary,
      ...(route.description === undefined ? {} : { description: route.description }),
      ...(route.body === undefined ? {} : { body: route.body }),
      ...(route.query === undefined ? {} : { querystring: route.query }),
      ...(route.params === undefined ? {} : { params: route.params }),
      security,
      response: responses,
    },
    ...(onRequest === undefined ? {} : { onRequest }),
    handler: async (request, reply) => {
      const result = await handle(request, reply);
      if (!result.ok) return sendFault(reply, result.error);
      const { statusFor } = route;
      reply
        .code(statusFor?.when(result.value) ? statusFor.status : status)
        .header('cache-control', 'no-store');
      return route.response === undefined ? reply.send() : reply.send(result.value);
    },
  });
}

/** Answers with the problem document of a fault, and the challenge where one belongs. */
export function sendFault(reply: FastifyReply, fault: Fault): FastifyReply {
  const challenge = challengeOf(fault, reply.server.publicHost);
  if (challenge !== null) reply.header('www-authenticate', challenge);
  if (fault.retryAfterSeconds !== undefined) reply.header('retry-after', String(fault.retryAfterSeconds));
  return reply
    .code(statusOf(fault.code))
    .header('content-type', PROBLEM_TYPE)
    .header('cache-control', 'no-store')
    .serializer((value: unknown) => JSON.stringify(value))
    .send(problemOf(fault, reply.request.id));
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Host of the public address: the realm of challenges. */
    readonly publicHost: string;
  }
}
