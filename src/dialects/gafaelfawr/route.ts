import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Authenticate, Caller } from '../../http/authenticate.ts';
import { type Answer, bodyText, forbidden, invalid, unauthenticated } from './answer.ts';
import { BAD, type Field, type Fields, faulted, type InputFault, object, type Values } from './reader.ts';

/** A body as it came; it is read only after its syntax, and who sent it, were found in order. */
export interface RawBody {
  readonly text: string;
  readonly isJson: boolean;
}

const NONE: Fields = {};

interface Input<P extends Fields, Q extends Fields, B> {
  readonly params: Values<P>;
  readonly query: Values<Q>;
  readonly body: B;
  readonly caller: Caller;
  readonly request: FastifyRequest;
}

export interface Description<P extends Fields, Q extends Fields, B> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: Field<B>;
  /** Shape of the answer of success, for the document. */
  readonly response?: z.ZodType;
  /** Status of success; 200 unless said. */
  readonly status?: number;
  /** The scope without which nothing further is looked at. */
  readonly scope?: string;
  readonly allowBootstrap?: boolean;
  readonly cookieOnly?: boolean;
  handle(input: Input<P, Q, B>): Promise<Answer>;
}

interface RouteNeeds {
  readonly authenticate: Authenticate;
  /** Host of the public address, for challenges. */
  readonly realm: string;
}

const Nothing = z.null().meta({ description: 'Done; no body' });
export const ErrorBody = z
  .object({
    detail: z.union([
      z.array(z.looseObject({ msg: z.string(), type: z.string() })),
      z.object({ msg: z.string(), type: z.string() }),
    ]),
  })
  .meta({ description: 'What was refused and why' });

/**
 * One route. The order in which things can be wrong is the one its clients know: syntax of the body, credential,
 * scope of the route, then path, query and body field by field, and after that whatever the handler asks.
 */
export function gafaelfawrRoute<P extends Fields, Q extends Fields, B = undefined>(
  app: FastifyInstance,
  { authenticate, realm }: RouteNeeds,
  route: Description<P, Q, B>,
): void {
  const params = object(route.params ?? (NONE as P));
  const query = object(route.query ?? (NONE as Q));
  const { body, scope } = route;

  async function answer(request: FastifyRequest): Promise<Answer> {
    const raw = request.body as RawBody | null | undefined;
    const parsed = body === undefined ? { value: undefined } : parse(raw);
    if ('fault' in parsed) return invalid([parsed.fault]);

    const caller = await authenticate(request.raw, {
      usedOn: 'api',
      pattern: `/auth${route.path}`,
      allowBootstrap: route.allowBootstrap === true,
      cookieOnly: route.cookieOnly === true,
    });
    if (!caller.ok) return unauthenticated(caller.error, realm);
    if (scope !== undefined && !caller.value.actor.scopes.has(scope)) {
      caller.value.noteRefusal({ code: 'insufficient_scope', requiredScopes: [scope] });
      return forbidden(`Token is missing required scope: ${scope}`);
    }

    const faults: InputFault[] = [];
    const path = params.read(request.params, ['path'], faults);
    const search = query.read(lastOfEach(request), ['query'], faults);
    const content = body === undefined ? (undefined as B) : readBody(body, parsed.value, faults);
    if (path === BAD || search === BAD || content === BAD) return invalid(faults);
    const input = { params: path, query: search, body: content, caller: caller.value, request };
    const answered = await route.handle(input);
    if (answered.status === 403) caller.value.noteRefusal({ code: 'insufficient_scope' });
    return answered;
  }

  app.route({
    method: route.method,
    url: route.path,
    schema: {
      tags: ['Gafaelfawr'],
      summary: route.summary,
      ...(route.description === undefined ? {} : { description: route.description }),
      ...(route.params === undefined ? {} : { params: params.schema }),
      ...(route.query === undefined ? {} : { querystring: query.schema }),
      ...(body === undefined ? {} : { body: body.schema }),
      security: route.cookieOnly === true ? [{ session: [] }] : [{ bearer: [] }, { session: [] }],
      response: {
        [route.status ?? 200]: route.response ?? Nothing,
        401: ErrorBody,
        403: ErrorBody,
        ...(route.params || route.query || body ? { 422: ErrorBody } : {}),
        default: ErrorBody,
      },
    },
    handler: async (request, reply) => send(reply, await answer(request)),
  });
}

export function send(reply: FastifyReply, { status, body, headers = {} }: Answer): FastifyReply {
  reply.code(status).header('cache-control', 'no-store').headers(headers);
  if (body === undefined) return reply.send();
  return reply
    .header('content-type', 'application/json')
    .serializer((value: string) => value)
    .send(bodyText(body));
}

type Parsed = { readonly value: unknown } | { readonly fault: InputFault };

function parse(raw: RawBody | null | undefined): Parsed {
  if (raw == null || raw.text === '') return { value: undefined };
  if (!raw.isJson) return { value: raw.text };
  try {
    return { value: JSON.parse(raw.text) };
  } catch (error) {
    const reason = (error as Error).message;
    const at = Number(/position (\d+)/.exec(reason)?.[1] ?? raw.text.length);
    const faults: InputFault[] = [];
    faulted(faults, 'json_invalid', ['body', at], 'JSON decode error', {}, { error: reason });
    return { fault: faults[0] as InputFault };
  }
}

function readBody<B>(field: Field<B>, value: unknown, faults: InputFault[]): B | typeof BAD {
  if (value === undefined || value === null) {
    return faulted(faults, 'missing', ['body'], 'Field required', null);
  }
  return field.read(value, ['body'], faults);
}

/** Of a parameter that stands twice, the last counts. */
function lastOfEach(request: FastifyRequest): Record<string, string> {
  return Object.fromEntries(searchOf(request));
}

export function searchOf(request: FastifyRequest): URLSearchParams {
  const mark = request.url.indexOf('?');
  return new URLSearchParams(mark === -1 ? '' : request.url.slice(mark + 1));
}
