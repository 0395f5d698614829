import { ok, type Result } from '../../../base/result.ts';
import { type Refusal, unauthenticated } from '../refusal.ts';
import { type Cluster, now } from '../state.ts';
import { splitTokenId } from './names.ts';
import { csrfTokenCounts, readTicket } from './tickets.ts';

/** Who calls. `id` is what rights and tasks are booked on: the user, or the full token id. */
export interface Caller {
  readonly id: string;
  readonly user: string;
  readonly token?: string;
}

export const NOBODY: Caller = { id: '', user: '' };

type Headers = Readonly<Record<string, string>>;

/** The credential that counts: a cookie, then a ticket in Authorization, and only then a token. */
export type Presented =
  | { readonly kind: 'ticket' | 'token'; readonly value: string }
  | { readonly kind: 'none' };

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

export function presented(headers: Headers): Presented {
  const cookie = /(?:^|[\s;])PVEAuthCookie=([^;]*)/.exec(headers.cookie ?? '')?.[1];
  if (cookie) return { kind: 'ticket', value: decoded(cookie) };
  const authorization = headers.authorization ?? '';
  const ticket = /^PVEAuthCookie[= ]([^;]*)/.exec(authorization)?.[1];
  if (ticket) return { kind: 'ticket', value: decoded(ticket) };
  const token = /^PVEAPIToken[= ]([^;]*)/.exec(authorization)?.[1];
  return token ? { kind: 'token', value: decoded(token) } : { kind: 'none' };
}

const ONE_TEXT = 'Authentication failed!';

/** Newer releases say one thing for every cause, older ones say the cause. */
function refused(cluster: Cluster, cause: string): Result<never, Refusal> {
  const opaque = !cluster.edition.namesAuthCause || cluster.faults.has('AUTH_OPAQUE');
  return unauthenticated(opaque ? ONE_TEXT : cause);
}

/** The account must exist, be enabled and not have ended, in this order. */
export function accountCause(cluster: Cluster, id: string): string | undefined {
  const user = cluster.users.get(id);
  if (user === undefined) return `no such user ('${id}')`;
  if (!user.enabled) return `user '${id}' is disabled`;
  if (user.expire !== 0 && user.expire <= now(cluster)) return `user '${id}' access expired`;
  return undefined;
}

function byToken(cluster: Cluster, value: string): Result<Caller, Refusal> {
  const cut = value.lastIndexOf('=');
  if (cut < 0) return refused(cluster, 'no tokenid specified');
  const id = value.slice(0, cut);
  const split = splitTokenId(id);
  if (split === undefined)
    return refused(cluster, `'${id}' is not a valid token ID - not able to split into user and token parts`);
  const cause = accountCause(cluster, split.user);
  if (cause !== undefined) return refused(cluster, cause);
  const token = cluster.users.get(split.user)?.tokens.get(split.name);
  if (token === undefined) return refused(cluster, `no such token '${split.name}' for user '${split.user}'`);
  if (token.expire !== 0 && token.expire <= now(cluster))
    return refused(cluster, `token '${split.name}' access expired`);
  const wrong = token.secret !== value.slice(cut + 1) || cluster.faults.has('SECRET_WRONG');
  if (wrong || cluster.faults.has('AUTH_OPAQUE')) return refused(cluster, 'invalid token value!');
  return ok({ id, user: split.user, token: split.name });
}

function byTicket(cluster: Cluster, value: string): Result<Caller, Refusal> {
  const reading = readTicket(cluster, value);
  if (reading.kind === 'invalid') return refused(cluster, 'permission denied - invalid PVE ticket');
  if (reading.kind === 'half') return unauthenticated('No ticket');
  const cause = accountCause(cluster, reading.user);
  if (cause !== undefined) return refused(cluster, cause);
  return ok({ id: reading.user, user: reading.user });
}

export interface AuthenticationRequest {
  readonly method: string;
  readonly headers: Headers;
  /** File uploads need no CSRF token. */
  readonly upload: boolean;
}

/** The authentication step: 401 with the cause in the reason phrase and nothing else. */
export function authenticate(cluster: Cluster, request: AuthenticationRequest): Result<Caller, Refusal> {
  const credential = cluster.faults.has('AUTH_STRIPPED')
    ? ({ kind: 'none' } as const)
    : presented(request.headers);
  if (credential.kind === 'none') return unauthenticated('No ticket');
  if (credential.kind === 'token') return byToken(cluster, credential.value);
  const caller = byTicket(cluster, credential.value);
  if (!caller.ok || request.method === 'GET' || request.upload) return caller;
  const csrf = request.headers.csrfpreventiontoken;
  return csrfTokenCounts(cluster, caller.value.user, csrf)
    ? caller
    : unauthenticated('Permission denied - invalid csrf token');
}
