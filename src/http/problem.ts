import { FAULT_TITLES, type Fault, type FaultCode } from '../base/fault.ts';
import type { Problem } from '../wire/common.ts';

/** The single table from code to HTTP status. */
const STATUS: Readonly<Record<FaultCode, number>> = {
  invalid_request: 400,
  invalid_json: 400,
  duplicate_key: 400,
  body_too_large: 413,
  headers_too_large: 431,
  request_timeout: 408,
  unsupported_media_type: 415,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  name_taken: 409,
  no_credential: 401,
  invalid_token: 401,
  token_expired: 401,
  token_revoked: 401,
  owner_disabled: 401,
  malformed_authorization: 400,
  insufficient_scope: 403,
  forbidden: 403,
  invalid_csrf: 403,
  bad_credentials: 401,
  sign_in_failed: 403,
  throttled: 429,
  quota_exceeded: 429,
  bootstrap_closed: 409,
  unknown_scope: 422,
  unknown_role: 404,
  unknown_user: 404,
  role_not_held: 422,
  scope_not_held: 403,
  invalid_expiry: 422,
  immutable: 409,
  last_administrator: 409,
  not_supported: 404,
  connection_failed: 422,
  preflight_failed: 424,
  machine_quota: 403,
  upstream_failed: 502,
  unavailable: 503,
  sealed: 503,
  internal: 500,
};

export const statusOf = (code: FaultCode): number => STATUS[code];

export const PROBLEM_TYPE = 'application/problem+json';

/** RFC 9457 document of a fault. */
export function problemOf(fault: Fault, requestId: string): Problem {
  return {
    type: `urn:tessera:problem:${fault.code}`,
    title: FAULT_TITLES[fault.code],
    status: STATUS[fault.code],
    code: fault.code,
    detail: fault.message,
    ...(fault.fix === undefined ? {} : { fix: fault.fix }),
    ...(fault.fields === undefined ? {} : { errors: fault.fields.map((field) => ({ ...field })) }),
    ...(fault.requiredScopes === undefined ? {} : { required_scopes: [...fault.requiredScopes] }),
    request_id: requestId,
  };
}

/** The challenge of RFC 6750 section 3 that goes with a refusal of a credential, or null. */
export function challengeOf(fault: Fault, realm: string): string | null {
  if (fault.code === 'no_credential') return `Bearer realm="${realm}"`;
  const error = CHALLENGE_ERRORS[fault.code];
  if (error === undefined) return null;
  const scope =
    fault.requiredScopes === undefined ? '' : `, scope="${[...fault.requiredScopes].sort().join(' ')}"`;
  return `Bearer realm="${realm}", error="${error}", error_description="${quotable(fault.message)}"${scope}`;
}

const CHALLENGE_ERRORS: Partial<Record<FaultCode, string>> = {
  invalid_token: 'invalid_token',
  token_expired: 'invalid_token',
  token_revoked: 'invalid_token',
  owner_disabled: 'invalid_token',
  malformed_authorization: 'invalid_request',
  insufficient_scope: 'insufficient_scope',
};

/** Text as it may stand inside a quoted header value (RFC 9110 section 5.6.4, ASCII only). */
export const quotable = (text: string): string => text.replace(/["\\]/g, '').replace(/[^\x20-\x7e]/g, '?');
