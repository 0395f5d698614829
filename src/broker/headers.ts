import { fieldName } from './field-name.ts';

/** Which headers travel, in either direction. */

/** Headers of a caller that travel whatever the route. Everything else stays behind unless the route names it. */
const PASSED = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-md5',
  'content-type',
  'date',
  'digest',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'pragma',
  'prefer',
  'range',
  'repr-digest',
  'content-digest',
  'traceparent',
  'tracestate',
  'user-agent',
  'x-osmo-client-version',
  'x-request-id',
]);

/** No route may let these through: they carry credentials, identities, framing or routing. */
export const NEVER_PASSED =
  /^(authorization|cookie2?|host|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|content-length|expect|forwarded|via|x-forwarded.*|x-real-ip|x-client-.*|x-original-.*|x-rewrite-.*|x-http-method.*|x-method-override|x-auth-request-.*|x-remote-.*|remote-.*|remote|oidc-.*|foreman-user.*|x-csrf-token|csrfpreventiontoken|pve.*|ssl-.*|x-ssl-.*|true-client-ip|cf-connecting-ip|sec-websocket-.*)$/;

const HANDSHAKE = new Set([
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-protocol',
  'sec-websocket-extensions',
  'origin',
]);

/** Answer headers that end here: they speak of this connection, set cookies, or bind browsers to the other system. */
const KEPT_BACK = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authentication-info',
  'te',
  'transfer-encoding',
  'upgrade',
  'set-cookie',
  'set-cookie2',
  'strict-transport-security',
  'alt-svc',
  'clear-site-data',
  'public-key-pins',
  'www-authenticate',
  'authentication-info',
]);

/** Adds the names that a `Connection` header takes for itself (RFC 9110 section 7.6.1). */
export function addNamed(named: Set<string> | null, value: string): Set<string> | null {
  if (value === 'keep-alive' || value === 'close') return named;
  let all = named;
  for (const part of value.split(',')) {
    const token = part.trim().toLowerCase();
    if (token === '' || token === 'keep-alive' || token === 'close') continue;
    all ??= new Set();
    all.add(token);
  }
  return all;
}

/** The caller's headers that travel, as lines of a request. Values come from a strict parser and hold no line break. */
export function passedHeaders(
  raw: readonly string[],
  named: ReadonlySet<string> | null,
  more: ReadonlySet<string> | null,
  stripped: readonly string[],
  handshake: boolean,
): string {
  let lines = '';
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string;
    const { lower } = fieldName(name);
    const fits = PASSED.has(lower) || (more?.has(lower) ?? false) || (handshake && HANDSHAKE.has(lower));
    if (!fits || stripped.includes(lower) || (named?.has(lower) ?? false)) continue;
    lines += `${name}: ${raw[at + 1]}\r\n`;
  }
  return lines;
}

/** The answer's headers that travel back, names and values in turn. */
export function returnedHeaders(raw: readonly string[]): string[] {
  let named: Set<string> | null = null;
  for (let at = 0; at < raw.length; at += 2)
    if (fieldName(raw[at] as string).lower === 'connection') named = addNamed(named, raw[at + 1] as string);
  const kept: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const { lower } = fieldName(raw[at] as string);
    if (KEPT_BACK.has(lower) || (named?.has(lower) ?? false)) continue;
    kept.push(raw[at] as string, raw[at + 1] as string);
  }
  return kept;
}
