import { LRUCache } from 'lru-cache';
import type { KindName } from '../kinds/kind.ts';
import type { CallerResponse } from './caller-side.ts';
import type { CallRefusal } from './judge.ts';

/** A refusal in the words of the system the caller believes to speak to, so that its tools show the reason. */
export interface Phrased {
  readonly reason: string;
  readonly headers: readonly string[];
  readonly body: string;
}

const JSON_TYPE = 'application/json;charset=UTF-8';

export function phrase(refusal: CallRefusal, kind: KindName, route: string): Phrased {
  const { status, code, message, missing = [] } = refusal;
  // Proxmox speaks through the reason phrase and its clients show it; for the others it does no harm.
  const reason = reasonText(`Tessera: ${message}`);
  const common = [
    'Cache-Control',
    'no-store',
    'Tessera-Refusal',
    code,
    ...(refusal.retryAfterSeconds === undefined ? [] : ['Retry-After', String(refusal.retryAfterSeconds)]),
  ];
  const answer = (type: string, value: unknown, more: readonly string[] = []): Phrased => ({
    reason,
    headers: ['Content-Type', type, ...common, ...more],
    body: JSON.stringify(value),
  });
  switch (kind) {
    case 'proxmox':
      return answer(JSON_TYPE, { data: null, message: `Tessera: ${message}\n` });
    case 'foreman':
      return answer('application/json; charset=utf-8', {
        error:
          status === 403
            ? { message: 'Access denied', details: `Tessera: ${message}`, missing_permissions: [...missing] }
            : { message: `Tessera: ${message}` },
      });
    case 'gafaelfawr':
      return answer(
        'application/json',
        { detail: [{ msg: message, type: code }] },
        challenge(refusal, route),
      );
    case 'osmo':
      return answer(
        'application/json',
        { message, error_code: code.toUpperCase() },
        challenge(refusal, route),
      );
    case 'http':
      return answer(
        'application/problem+json',
        {
          type: `urn:tessera:problem:${code}`,
          title: 'The call was not passed on',
          status,
          code,
          detail: message,
          ...(missing.length === 0 ? {} : { required_scopes: [...missing] }),
        },
        challenge(refusal, route),
      );
  }
}

/** RFC 6750 section 3. Not for Proxmox and Foreman: neither sends one, and their tools take it amiss. */
function challenge({ status, code, missing = [] }: CallRefusal, route: string): string[] {
  if (status !== 401 && code !== 'insufficient_scope') return [];
  const error =
    code === 'no_credential' ? '' : `, error="${status === 401 ? 'invalid_token' : 'insufficient_scope'}"`;
  const scope = missing.length === 0 ? '' : `, scope="${missing.join(' ')}"`;
  return ['WWW-Authenticate', `Bearer realm="${route}"${error}${scope}`];
}

/** Text as it may stand on a status line. */
export const reasonText = (text: string): string =>
  text.replace(/[^\t\x20-\x7e\x80-\xff]+/g, ' ').slice(0, 1000);

interface Worded extends Phrased {
  readonly status: number;
  readonly headers: string[];
  readonly encoding: 'latin1' | 'utf8';
}

/** Most refusals are the same few. */
const worded = new LRUCache<string, Worded>({ max: 500 });

/** The last one is found without its text: a flood of bad tokens hears nothing else. */
let last: {
  readonly refusal: CallRefusal;
  readonly kind: KindName;
  readonly route: string;
  readonly words: Worded;
} | null = null;

function wordsOf(refusal: CallRefusal, kind: KindName, route: string): Worded {
  if (last?.refusal === refusal && last.kind === kind && last.route === route) return last.words;
  const words = knownWords(refusal, kind, route);
  last = { refusal, kind, route, words };
  return words;
}

function knownWords(refusal: CallRefusal, kind: KindName, route: string): Worded {
  const { status, code, message, missing, retryAfterSeconds } = refusal;
  const key = `${kind} ${route} ${status} ${code} ${retryAfterSeconds} ${missing} ${message}`;
  const kept = worded.get(key);
  if (kept !== undefined) return kept;
  const { reason, headers, body } = phrase(refusal, kind, route);
  const length = Buffer.byteLength(body);
  const made: Worded = {
    status,
    reason,
    headers: [...headers, 'Content-Length', String(length)],
    body,
    // One string is sent faster than bytes that have to be put together.
    encoding: length === body.length ? 'latin1' : 'utf8',
  };
  worded.set(key, made);
  return made;
}

/** Answers a call that does not pass. A body that is still coming is not waited for. */
export function sendRefusal(
  response: Pick<CallerResponse, 'writeHead' | 'end' | 'repeat'>,
  refusal: CallRefusal,
  kind: KindName,
  route: string,
  hasBody: boolean,
): void {
  const words = wordsOf(refusal, kind, route);
  const { reason, headers, body, encoding } = words;
  if (!hasBody && encoding === 'latin1' && response.repeat !== undefined) {
    response.repeat(words);
    return;
  }
  response.writeHead(refusal.status, reason, hasBody ? [...headers, 'Connection', 'close'] : headers);
  response.end(body, encoding);
}
