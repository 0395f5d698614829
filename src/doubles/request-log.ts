import type { IncomingMessage } from 'node:http';

/** One request as it arrived, for tests to assert on. Holds whatever credential it carried. */
export interface LoggedRequest {
  readonly method: string;
  /** Path and query, byte for byte. */
  readonly url: string;
  readonly path: string;
  /** Names and values as sent, order and repetition kept. */
  readonly rawHeaders: readonly [string, string][];
  /** Lower-case names; the last of a repeated header. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as text once it was read; empty when the request was refused before that. */
  body: string;
  /** 0 until answered. */
  status: number;
  reason: string;
}

export function pairsOf(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) pairs.push([raw[at] ?? '', raw[at + 1] ?? '']);
  return pairs;
}

export function logged(request: IncomingMessage): LoggedRequest {
  const url = request.url ?? '/';
  const rawHeaders = pairsOf(request.rawHeaders);
  return {
    method: request.method ?? '',
    url,
    path: url.split('?')[0] ?? url,
    rawHeaders,
    headers: Object.fromEntries(rawHeaders.map(([name, value]) => [name.toLowerCase(), value])),
    body: '',
    status: 0,
    reason: '',
  };
}
