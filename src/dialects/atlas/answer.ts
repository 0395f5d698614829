import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import type { Fault, FaultCode } from '../../base/fault.ts';
import { loggedFaultOf } from '../../http/framework-fault.ts';
import { statusOf } from '../../http/problem.ts';

/** How this surface refuses: always `{"detail": ...}`. */

const JSON_TYPE = 'application/json; charset=utf-8';

export const ADMIN_NEEDED = 'Admin access required';
export const VIEW_NEEDED = 'Foreman access requires additional permissions';
export const UNKNOWN_CONFIG = 'Foreman configuration not found';

/** Codes whose status here is another than on our own surface. */
const STATUS: Partial<Record<FaultCode, number>> = {
  name_taken: 400,
  malformed_authorization: 401,
  conflict: 400,
  connection_failed: 400,
  invalid_expiry: 400,
  upstream_failed: 502,
};

export function sendDetail(reply: FastifyReply, status: number, detail: unknown): FastifyReply {
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply
    .code(status)
    .header('content-type', JSON_TYPE)
    .header('cache-control', 'no-store')
    .serializer((value: unknown) => JSON.stringify(value))
    .send({ detail });
}

/** @param forbidden what is said where a right is missing */
export function refuse(reply: FastifyReply, fault: Fault, forbidden = ADMIN_NEEDED): FastifyReply {
  const status = STATUS[fault.code] ?? statusOf(fault.code);
  if (status === 401) return sendDetail(reply, 401, 'Unauthorized');
  if (fault.code === 'insufficient_scope') return sendDetail(reply, 403, forbidden);
  if (fault.retryAfterSeconds !== undefined) reply.header('retry-after', String(fault.retryAfterSeconds));
  if (fault.code === 'upstream_failed') return sendDetail(reply, 502, `Foreman API error: ${fault.message}`);
  return sendDetail(reply, status, fault.message);
}

/** Fields of which nothing is repeated in a refusal. */
const SHOWN = new Set(['name', 'verify_ssl', 'username']);

export function answerFailure(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const where = error.validationContext === 'querystring' ? 'query' : (error.validationContext ?? 'body');
    const body = (request.body ?? {}) as Readonly<Record<string, unknown>>;
    const detail = error.validation.map(({ instancePath, message, keyword }) => {
      const path = instancePath.split('/').filter((part) => part !== '');
      const [field = ''] = path;
      const shown = where === 'body' && SHOWN.has(field) ? { input: body[field] ?? null } : {};
      return { type: String(keyword), loc: [where, ...path], msg: message ?? 'is not valid', ...shown };
    });
    return sendDetail(reply, 422, detail);
  }
  return refuse(reply, loggedFaultOf(error, request));
}
