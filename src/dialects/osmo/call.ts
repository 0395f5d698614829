import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { mayManageTokensOf, requireScope } from '../../access/policy.ts';
import type { Actor } from '../../access/principal.ts';
import { ADMIN_SCOPE } from '../../access/scopes.ts';
import { type Clock, DAY, seconds } from '../../base/clock.ts';
import { ok, type Result } from '../../base/result.ts';
import type { Authenticate, Caller } from '../../http/authenticate.ts';
import { noteForbidden } from '../../http/route.ts';
import { answer, sendError, warn } from './answer.ts';
import { dayOf } from './day.ts';
import { OsmoError } from './shapes.ts';

/** One request of the protocol: described for the OpenAPI document, checked, handled, answered in its form. */

type Schema = z.ZodType | undefined;
type Output<T extends Schema> = T extends z.ZodType ? z.output<T> : undefined;

interface Input<B extends Schema, Q extends Schema, P extends Schema> {
  readonly body: Output<B>;
  readonly query: Output<Q>;
  readonly params: Output<P>;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

interface Description<B extends Schema, Q extends Schema, P extends Schema, A extends z.ZodType> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly body?: B;
  readonly query?: Q;
  readonly params?: P;
  readonly answer: A;
}

export const TAG = 'OSMO';

/** A call for everybody; whatever login comes along is not looked at. */
export function openCall<
  A extends z.ZodType,
  B extends Schema = undefined,
  Q extends Schema = undefined,
  P extends Schema = undefined,
>(
  app: FastifyInstance,
  call: Description<B, Q, P, A> & { handle(input: Input<B, Q, P>): Promise<Result<z.output<A>>> },
): void {
  app.route({
    method: call.method,
    url: call.path,
    schema: schemaOf(call, []),
    handler: async (request, reply) => finish(reply, await call.handle(inputOf(request, reply))),
  });
}

export interface SignedInCalls {
  /** About the caller's own things. */
  readonly ownCall: SignedInCall;
  /** About the caller's own tokens, which needs the right to manage them. */
  readonly ownTokenCall: SignedInCall;
  /** For administrators only: everybody else hears so before anything of the request is looked at. */
  readonly adminCall: SignedInCall;
}

export type SignedInCall = <
  A extends z.ZodType,
  B extends Schema = undefined,
  Q extends Schema = undefined,
  P extends Schema = undefined,
>(
  app: FastifyInstance,
  call: Description<B, Q, P, A> & {
    handle(input: Input<B, Q, P> & { caller: Caller }): Promise<Result<z.output<A>>>;
  },
) => void;

export function signedInCalls(authenticate: Authenticate, clock: Clock): SignedInCalls {
  const callFor =
    (admit: (actor: Actor) => Result<void>): SignedInCall =>
    (app, call) => {
      const callers = new WeakMap<FastifyRequest, Caller>();
      app.route({
        method: call.method,
        url: call.path,
        schema: schemaOf(call, [{ bearer: [] }]),
        onRequest: async (request, reply) => {
          const caller = await authenticate(request.raw, {
            usedOn: 'osmo',
            bareTokenHeader: 'x-osmo-auth',
            pattern: call.path,
          });
          if (!caller.ok) return sendError(reply, caller.error);
          warnOfEnd(reply, caller.value.actor, seconds(clock));
          const admitted = admit(caller.value.actor);
          if (!admitted.ok) {
            caller.value.noteRefusal(admitted.error);
            return sendError(reply, admitted.error);
          }
          callers.set(request, caller.value);
        },
        handler: async (request, reply) => {
          const caller = callers.get(request);
          if (caller === undefined) throw new Error('unreachable: the request was not authenticated');
          const result = await call.handle({ ...inputOf(request, reply), caller });
          if (!result.ok) noteForbidden(caller, result.error);
          return finish(reply, result);
        },
      });
    };
  return {
    ownCall: callFor(() => ok(undefined)),
    ownTokenCall: callFor((actor) => mayManageTokensOf(actor, actor.username, 'manage tokens')),
    adminCall: callFor((actor) => requireScope(actor, ADMIN_SCOPE, 'manage other users and roles')),
  };
}

function inputOf<B extends Schema, Q extends Schema, P extends Schema>(
  request: FastifyRequest,
  reply: FastifyReply,
): Input<B, Q, P> {
  return {
    body: request.body as Output<B>,
    query: request.query as Output<Q>,
    params: request.params as Output<P>,
    request,
    reply,
  };
}

function finish(reply: FastifyReply, result: Result<unknown>): FastifyReply {
  return result.ok ? answer(reply, result.value) : sendError(reply, result.error);
}

function schemaOf(
  call: Description<Schema, Schema, Schema, z.ZodType>,
  security: Record<string, string[]>[],
): Record<string, unknown> {
  const signedIn = security.length > 0;
  return {
    tags: [TAG],
    summary: call.summary,
    ...(call.description === undefined ? {} : { description: call.description }),
    ...(call.body === undefined ? {} : { body: call.body }),
    ...(call.query === undefined ? {} : { querystring: call.query }),
    ...(call.params === undefined ? {} : { params: call.params }),
    security,
    response: {
      200: call.answer,
      400: OsmoError,
      ...(signedIn ? { 401: OsmoError, 403: OsmoError } : {}),
      default: OsmoError,
    },
  };
}

const WARN_BEFORE = 7 * DAY;

function warnOfEnd(reply: FastifyReply, actor: Actor, now: number): void {
  if (actor.tokenType !== 'user' || actor.expiresAt === null || actor.expiresAt - now > WARN_BEFORE) return;
  const day = dayOf(actor.expiresAt);
  warn(
    reply,
    `The token '${actor.tokenName}' you are logged in with ends on ${day} (UTC). Make its successor with 'osmo token set'.`,
  );
}
