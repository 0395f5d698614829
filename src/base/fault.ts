/**
 * Every refusal a person or program can meet, by its stable code. The code travels on the wire and is never
 * renamed; the HTTP status belonging to it stands in http/problem.ts and the exit code in cli/failure.ts.
 */
export const FAULT_TITLES = {
  // the request itself
  invalid_request: 'The request is not valid',
  invalid_json: 'The body is not valid JSON',
  duplicate_key: 'A JSON key appears twice',
  body_too_large: 'The body is too large',
  headers_too_large: 'The header fields are too large',
  request_timeout: 'The request took too long to arrive',
  unsupported_media_type: 'The content type is not supported',
  not_found: 'There is no such thing',
  method_not_allowed: 'The method is not allowed here',
  conflict: 'The request conflicts with the present state',
  name_taken: 'The name is taken',
  // who is asking
  no_credential: 'No credential was sent',
  invalid_token: 'The token is not valid',
  token_expired: 'The token has expired',
  token_revoked: 'The token was revoked',
  owner_disabled: 'The owner of the token is disabled',
  malformed_authorization: 'The Authorization header is malformed',
  insufficient_scope: 'A scope is missing',
  forbidden: 'This is not yours to do',
  invalid_csrf: 'The CSRF token is missing or wrong',
  bad_credentials: 'The name or password is wrong',
  sign_in_failed: 'The sign-in with the provider did not succeed',
  throttled: 'Too many failed attempts',
  quota_exceeded: 'The rate limit is used up',
  bootstrap_closed: 'The first administrator exists already',
  // what is asked for
  unknown_scope: 'The scope is not known',
  unknown_role: 'The role is not known',
  unknown_user: 'The user is not known',
  role_not_held: 'The owner does not hold the role',
  scope_not_held: 'You cannot grant what you do not hold',
  invalid_expiry: 'The expiry is not valid',
  immutable: 'This cannot be changed',
  last_administrator: 'The last administrator cannot be removed',
  // us
  not_supported: 'This is not supported here',
  connection_failed: 'The connection does not work',
  preflight_failed: 'The system behind this connection is not ready for this',
  machine_quota: 'You hold as much as you may',
  upstream_failed: 'The system behind this connection failed',
  unavailable: 'The service cannot answer safely right now',
  sealed: 'The master key is missing',
  internal: 'Something went wrong inside',
} as const;

export type FaultCode = keyof typeof FAULT_TITLES;

/** One field of the input that is wrong, as a JSON path (`scopes[0]`), with what to do about it. */
export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

export interface Fault {
  readonly code: FaultCode;
  /** What happened, for a person. Names the field, never a secret. */
  readonly message: string;
  /** What would make the request succeed. */
  readonly fix?: string;
  readonly fields?: readonly FieldFault[];
  /** For insufficient_scope: what was needed (RFC 6750 section 3, attribute `scope`). */
  readonly requiredScopes?: readonly string[];
  /** Seconds until trying again makes sense. */
  readonly retryAfterSeconds?: number;
}

export function fault(code: FaultCode, message: string, more: Omit<Fault, 'code' | 'message'> = {}): Fault {
  return { code, message, ...more };
}

export function fieldFault(code: FaultCode, field: string, message: string, fix?: string): Fault {
  return { code, message: `${field}: ${message}`, fields: [{ field, message }], ...(fix ? { fix } : {}) };
}
