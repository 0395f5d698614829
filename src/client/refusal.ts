import type { FieldFault } from '../base/fault.ts';
import { TesseraError } from './error.ts';

type Body = Readonly<Record<string, unknown>>;

/**
 * Turns an answer that is no success into the error to throw. Understands problem documents (RFC 9457) and the
 * form of the OAuth routes (RFC 6749 section 5.2: `error`, `error_description`); anything else came from a
 * stranger in between, such as a proxy.
 */
export function refusal(status: number, headers: Headers, body: unknown, url: string): TesseraError {
  const retryAfter = retryAfterSeconds(headers.get('retry-after'));
  const problem = isBody(body) ? body : {};
  const code = text(problem, 'code') ?? text(problem, 'error');
  if (code === undefined) return stranger(status, headers, url, retryAfter);
  const message =
    text(problem, 'detail') ?? text(problem, 'error_description') ?? text(problem, 'title') ?? code;
  return new TesseraError({
    code,
    status,
    message,
    fix: text(problem, 'fix'),
    fields: fields(problem.errors),
    requiredScopes: strings(problem.required_scopes),
    requestId: text(problem, 'request_id') ?? headers.get('x-request-id') ?? undefined,
    retryAfter,
  });
}

/** Redirects are never followed: the credential would travel on to an address nobody chose. */
export function redirected(status: number, location: string | null, url: string): TesseraError {
  const target = location === null ? undefined : originOf(location, url);
  return new TesseraError({
    code: 'unexpected_answer',
    status,
    message: `${originOf(url, url) ?? url} answers with a redirect${target ? ` to ${target}` : ''}, which is not followed.`,
    fix: target ? `If that is your Tessera, use it as the address: ${target}` : 'Check the address.',
  });
}

export function notJson(status: number, headers: Headers, url: string): TesseraError {
  return stranger(status, headers, url, undefined);
}

function stranger(status: number, headers: Headers, url: string, retryAfter: number | undefined) {
  const type = headers.get('content-type')?.split(';')[0] ?? 'no content';
  return new TesseraError({
    code: 'unexpected_answer',
    status,
    message: `${originOf(url, url) ?? url} answered ${status} (${type}), which is not how Tessera answers.`,
    fix: 'Check that the address is that of a Tessera server, and what stands between it and you.',
    retryAfter,
  });
}

/** Origin of an address, relative to another; undefined when it is none of http. */
function originOf(location: string, base: string): string | undefined {
  try {
    const { origin } = new URL(location, base);
    return origin === 'null' ? undefined : origin;
  } catch {
    return undefined;
  }
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
function retryAfterSeconds(value: string | null): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - Date.now()) / 1000));
}

const isBody = (body: unknown): body is Body => typeof body === 'object' && body !== null;

function text(body: Body, key: string): string | undefined {
  const value = body[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];

function fields(value: unknown): FieldFault[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isBody).flatMap((item) => {
    const field = text(item, 'field');
    return field === undefined ? [] : [{ field, message: text(item, 'message') ?? '' }];
  });
}
