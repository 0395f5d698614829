import type { Fault, FaultCode } from '../../base/fault.ts';
import { asciiJson, type GuardRefusal, refusalOnWire } from '../../http/guard/refusal.ts';
import { statusOf } from '../../http/problem.ts';
import type { InputFault, Loc } from './reader.ts';

/** What goes back: a body of its own, text, or nothing. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export const answer = (body: unknown, status = 200, headers: Record<string, string> = {}): Answer => ({
  status,
  body,
  headers,
});

/** `{"detail": [...]}` with one element per fault: what was sent does not fit its description. */
export const invalid = (faults: readonly InputFault[]): Answer => ({ status: 422, body: { detail: faults } });

/** One refusal; `loc` is left out when there is no place to point at. */
export const refusal = (status: number, type: string, msg: string, loc?: Loc): Answer => ({
  status,
  body: { detail: [{ msg, type, ...(loc === undefined ? {} : { loc }) }] },
});

export const forbidden = (msg: string): Answer => refusal(403, 'permission_denied', msg);

export const notSupported: Answer = refusal(
  404,
  'not_supported',
  'There is no user directory here; users are kept in Tessera itself, see /api/v1/users',
);

type Row = readonly [status: number, type: string, loc?: Loc];

/** How what the rooms refuse is said on this surface. */
const ROWS: Partial<Record<FaultCode, Row>> = {
  insufficient_scope: [403, 'permission_denied'],
  forbidden: [403, 'permission_denied'],
  immutable: [403, 'permission_denied'],
  owner_disabled: [403, 'permission_denied'],
  invalid_csrf: [403, 'invalid_csrf', ['header', 'X-CSRF-Token']],
  invalid_expiry: [422, 'invalid_expires', ['body', 'expires']],
  unknown_scope: [422, 'invalid_scopes', ['body', 'scopes']],
  scope_not_held: [422, 'invalid_scopes', ['body', 'scopes']],
  unknown_user: [422, 'value_error', ['body', 'username']],
  not_found: [404, 'not_found', ['path', 'key']],
};

const FIELDS: Readonly<Record<string, string>> = {
  name: 'token_name',
  username: 'username',
  scopes: 'scopes',
  expires_at: 'expires',
};

export function refused(fault: Fault): Answer {
  const field = fault.fields?.[0];
  const msg = field?.message ?? fault.message;
  const loc: Loc = ['body', ...(field === undefined ? [] : [FIELDS[field.field] ?? field.field])];
  if (fault.code === 'name_taken' && field?.field === 'name') {
    return refusal(409, 'duplicate_token_name', msg, ['body', 'token_name']);
  }
  if (fault.code === 'invalid_request' || fault.code === 'name_taken') {
    return refusal(422, 'value_error', msg, loc);
  }
  const [status, type, place] = ROWS[fault.code] ?? [statusOf(fault.code), fault.code];
  return refusal(status, type, msg, place);
}

/** The refusal of a credential, with its challenge and the headers that carry it through nginx. */
export function unauthenticated(fault: Fault, realm: string): Answer {
  const told = CREDENTIAL_REFUSALS[fault.code];
  if (told === undefined) return refused(fault);
  const { status, headers, text } = refusalOnWire(
    { message: fault.message, ...told },
    { realm, basicChallenge: false, isScript: false, passesAnyStatus: false },
  );
  const named: Record<string, string> = {};
  for (let at = 0; at < headers.length; at += 2) named[headers[at] as string] = headers[at + 1] as string;
  return { status, body: JSON.parse(text), headers: named };
}

const INVALID_TOKEN = { status: 401, type: 'invalid_token' } as const;
const CREDENTIAL_REFUSALS: Partial<
  Record<FaultCode, Partial<GuardRefusal> & Pick<GuardRefusal, 'status' | 'type'>>
> = {
  no_credential: { status: 401, type: 'no_authorization', message: 'Authentication required', bare: true },
  invalid_token: INVALID_TOKEN,
  token_expired: INVALID_TOKEN,
  token_revoked: INVALID_TOKEN,
  owner_disabled: INVALID_TOKEN,
  malformed_authorization: { status: 400, type: 'invalid_request' },
};

export const bodyText = (body: unknown): string => asciiJson(body);
