import type { FastResponse } from '../front.ts';
import { quotable } from '../problem.ts';
import type { ParameterFault } from './rule.ts';

/** A refusal as the guard knows it; how it looks on the wire depends on who asks. */
export interface GuardRefusal {
  /** What the refusal means, as a status of its own. nginx lets only 401 and 403 through. */
  readonly status: 400 | 401 | 403 | 404 | 429 | 503;
  readonly type: string;
  readonly message: string;
  /** Attribute `scope` of the challenge: what would have been enough. */
  readonly scopes?: readonly string[];
  /** No credential came at all: the body's `detail` is one object, and there are no carrier headers. */
  readonly bare?: boolean;
  /** Refusals that have nothing to do with a credential carry no challenge. */
  readonly challenge?: boolean;
  readonly headers?: readonly string[];
}

export interface GuardPresence {
  readonly realm: string;
  readonly basicChallenge: boolean;
  /** `X-Requested-With: XMLHttpRequest`: a browser must not answer 401 with a password box. */
  readonly isScript: boolean;
  /** Whether the asker passes any status on to the client (Traefik, Caddy), unlike nginx. */
  readonly passesAnyStatus: boolean;
}

const NO_STORE = 'no-cache, no-store';

export interface RefusalOnWire {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly text: string;
}

export function sendRefusal(response: FastResponse, refusal: GuardRefusal, presence: GuardPresence): void {
  const { status, headers, text } = remembered(refusal, presence);
  response.writeHead(status, headers);
  // One piece with the head, as both are ASCII.
  response.end(text, 'latin1');
}

const KEPT = 200;
const kept = new Map<string, RefusalOnWire>();

/** A flood of junk is refused in the same words each time, so these are put together once. */
function remembered(refusal: GuardRefusal, presence: GuardPresence): RefusalOnWire {
  if (refusal.scopes !== undefined || refusal.headers !== undefined) return whole(refusal, presence);
  const key = `${refusal.status} ${refusal.type} ${refusal.message} ${refusal.bare} ${refusal.challenge} ${presence.realm} ${presence.basicChallenge} ${presence.isScript} ${presence.passesAnyStatus}`;
  let known = kept.get(key);
  if (known === undefined) {
    known = whole(refusal, presence);
    if (kept.size < KEPT) kept.set(key, known);
  }
  return known;
}

function whole(refusal: GuardRefusal, presence: GuardPresence): RefusalOnWire {
  const { status, headers, text } = refusalOnWire(refusal, presence);
  return { status, headers: [...headers, 'Content-Length', String(Buffer.byteLength(text))], text };
}

/**
 * Status, challenge and carrier headers. nginx understands 2xx, 401 and 403 only: other statuses travel in
 * `X-Error-Status` and every body in `X-Error-Body`, unless the asker passes real statuses on.
 */
export function refusalOnWire(refusal: GuardRefusal, presence: GuardPresence): RefusalOnWire {
  const { status, type, message } = refusal;
  const body = refusal.bare ? { detail: { msg: message, type } } : { detail: [{ msg: message, type }] };
  const text = asciiJson(body);
  const headers: string[] = ['Content-Type', 'application/json', 'Cache-Control', NO_STORE];
  if (refusal.challenge !== false) headers.push('WWW-Authenticate', challenge(refusal, presence));
  if (!refusal.bare) headers.push('X-Error-Status', String(status), 'X-Error-Body', text);
  if (refusal.headers !== undefined) headers.push(...refusal.headers);
  return { status: wireStatus(refusal, presence), headers, text };
}

function wireStatus(
  { status, type, bare }: GuardRefusal,
  { isScript, passesAnyStatus }: GuardPresence,
): number {
  if (status === 503) return 503;
  if (bare && status === 401) return isScript ? 403 : 401;
  if (type === 'invalid_token') return 401;
  return passesAnyStatus ? status : 403;
}

function challenge(
  { type, message, scopes, bare }: GuardRefusal,
  { realm, basicChallenge }: GuardPresence,
): string {
  if (basicChallenge) return `Basic realm="${realm}"`;
  if (type === 'no_authorization') return `Bearer realm="${realm}"`;
  const error = bare ? 'invalid_token' : type;
  const scope =
    scopes === undefined || scopes.length === 0 ? '' : `, scope="${[...scopes].sort().join(' ')}"`;
  return `Bearer realm="${realm}", error="${error}", error_description="${quotable(message)}"${scope}`;
}

export function sendWrongMethod(response: FastResponse): void {
  response.writeHead(405, ['Content-Type', 'application/json', 'Allow', 'GET, HEAD']);
  response.end('{"detail":"Method Not Allowed"}', 'utf8');
}

/** Wrong parameters: the fault of whoever wrote the configuration, so it reaches them as it is. */
export function sendParameterFaults(response: FastResponse, faults: readonly ParameterFault[]): void {
  const text = JSON.stringify({ detail: faults });
  response.writeHead(422, [
    'Content-Type',
    'application/json',
    'Content-Length',
    String(Buffer.byteLength(text)),
  ]);
  response.end(text, 'utf8');
}

/** JSON in ASCII on one line, as a header value must be. */
export const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
