import type { FastifyError, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { type Fault, fault } from '../base/fault.ts';

export const BODY_LIMIT = 64 * 1024;

/** A fault thrown through the framework where it offers no other way. */
export class Refusal extends Error {
  readonly fault: Fault;
  constructor(refusal: Fault) {
    super(refusal.message);
    this.fault = refusal;
  }
}

/** What the framework threw, in our own terms. */
export function faultOf(error: FastifyError): Fault {
  if (error instanceof Refusal) return error.fault;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const fields = error.validation.map((issue) => ({
      field: fieldOf(issue.instancePath, error.validationContext),
      message: issue.message ?? 'is not valid',
    }));
    return fault('invalid_request', fields.map(({ field, message }) => `${field}: ${message}`).join('; '), {
      fields,
    });
  }
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return fault('body_too_large', `The body may have at most ${BODY_LIMIT} bytes.`);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return fault('unsupported_media_type', 'Send JSON with the header Content-Type: application/json.');
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return fault('invalid_request', 'The request is malformed.');
    default:
      if (error.statusCode !== undefined && error.statusCode < 500)
        return fault('invalid_request', error.message);
      return fault('internal', 'Something went wrong inside. The log has the details under this request id.');
  }
}

/** The same, and what is our own failure goes into the log. */
export function loggedFaultOf(error: FastifyError, request: FastifyRequest): Fault {
  const failure = faultOf(error);
  if (failure.code === 'internal')
    request.log.error({ request: request.id, err: error }, 'unexpected failure');
  return failure;
}

/** `/roles/0` becomes `roles[0]`; the whole body, query or path is named as such. */
function fieldOf(pointer: string, context: string | undefined): string {
  const parts = pointer.split('/').filter((part) => part !== '');
  if (parts.length === 0) return context ?? 'body';
  return parts.map((part, at) => (/^\d+$/.test(part) ? `[${part}]` : at === 0 ? part : `.${part}`)).join('');
}
