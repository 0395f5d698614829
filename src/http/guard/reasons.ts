import type { RateUse } from '../../people/rate.ts';
import type { GuardRefusal } from './refusal.ts';

/** Why the guard refuses. */

export const NO_CREDENTIAL: GuardRefusal = {
  status: 401,
  type: 'no_authorization',
  message: 'Authentication required',
  bare: true,
};
export const UNAVAILABLE: GuardRefusal = {
  status: 503,
  type: 'unavailable',
  message: 'Cannot tell at the moment whether the token is good; try again',
  challenge: false,
};
export const malformed = (message: string): GuardRefusal => ({
  status: 400,
  type: 'invalid_request',
  message,
});
export const badToken = (message: string): GuardRefusal => ({ status: 401, type: 'invalid_token', message });
export const GONE = badToken('Token was revoked');
export const TOO_SHORT: GuardRefusal = {
  status: 401,
  type: 'invalid_token',
  message: 'Remaining token lifetime too short',
  bare: true,
};
// A delegated token would outlive the minutes and the scopes that the JWT was cut down to.
export const JWT_NOT_DELEGATED: GuardRefusal = {
  status: 403,
  type: 'insufficient_scope',
  message: 'An access JWT cannot be delegated; send the token it came from',
};
export const PREFLIGHT_REJECTED: GuardRefusal = {
  status: 403,
  type: 'cors_preflight_rejected',
  message: 'CORS preflight from a foreign origin',
  challenge: false,
};
export const OPTIONS_UNSUPPORTED: GuardRefusal = {
  status: 404,
  type: 'options_not_supported',
  message: 'OPTIONS requests other than CORS preflights are not supported',
  challenge: false,
};

export const insufficient = (message: string, scopes?: readonly string[]): GuardRefusal => ({
  status: 403,
  type: 'insufficient_scope',
  message,
  ...(scopes === undefined ? {} : { scopes }),
});

export function overLimit(use: RateUse, service: string): GuardRefusal {
  return {
    status: 429,
    type: 'rate_limited',
    message: `Rate limit (${use.limit}/minute) exceeded`,
    challenge: false,
    headers: ['Retry-After', new Date(use.resetAt * 1000).toUTCString(), ...rateHeaders(use, service)],
  };
}

export const rateHeaders = (use: RateUse, service: string): string[] => [
  'X-RateLimit-Limit',
  String(use.limit),
  'X-RateLimit-Remaining',
  String(Math.max(0, use.limit - use.used)),
  'X-RateLimit-Used',
  // Calls that were refused are not use.
  String(Math.min(use.limit, use.used)),
  'X-RateLimit-Reset',
  String(use.resetAt),
  'X-RateLimit-Resource',
  service,
];
