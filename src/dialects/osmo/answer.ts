import type { FastifyReply } from 'fastify';
import type { Fault, FaultCode } from '../../base/fault.ts';
import { challengeOf, statusOf } from '../../http/problem.ts';

/** How this protocol speaks: always JSON, `null` where there is nothing, its own form of errors. */

const JSON_TYPE = 'application/json; charset=utf-8';

/** Sends 200 with the value as JSON; a string as a bare JSON string, which its client prints. */
export function answer(reply: FastifyReply, value: unknown): FastifyReply {
  if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  return reply.code(200).header('content-type', JSON_TYPE).send(JSON.stringify(value));
}

/** What its users know as statuses: refused here means 400, also for what is not found or taken. */
const KEPT: readonly number[] = [401, 403, 413, 415, 429, 500, 503];

export function osmoStatus(code: FaultCode): number {
  // A header of a scheme we do not know, as an entry in .netrc makes it, is simply no login.
  if (code === 'malformed_authorization') return 401;
  // The caller may make tokens, only not this one.
  if (code === 'scope_not_held') return 400;
  const status = statusOf(code);
  return KEPT.includes(status) ? status : 400;
}

export function sendError(reply: FastifyReply, fault: Fault, status = osmoStatus(fault.code)): FastifyReply {
  const challenge = status === 401 || status === 403 ? challengeOf(fault, reply.server.publicHost) : null;
  if (challenge !== null) reply.header('www-authenticate', challenge);
  if (fault.retryAfterSeconds !== undefined) reply.header('retry-after', String(fault.retryAfterSeconds));
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .header('content-type', JSON_TYPE)
    .send(JSON.stringify(errorOf(fault)));
}

export const errorOf = (fault: Fault) => ({
  message: fault.message,
  error_code: 'USER',
  workflow_id: null,
});

/** Its client decodes this header and prints it on standard error; several remarks are joined by a newline. */
const WARNING = 'x-osmo-warning';

export function warn(reply: FastifyReply, text: string): void {
  const before = reply.getHeader(WARNING);
  const lines = typeof before === 'string' ? [Buffer.from(before, 'base64').toString('utf8'), text] : [text];
  reply.header(WARNING, Buffer.from(lines.join('\n'), 'utf8').toString('base64'));
}
