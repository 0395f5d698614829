import { fieldName } from './field-name.ts';

/** Which headers of a caller travel, beside what is known of each name ({@link FieldName}). */

/** No route may let these through: they carry credentials, identities, framing or routing. */
export const NEVER_PASSED =
  /^(authorization|cookie2?|host|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|content-length|expect|forwarded|via|x-forwarded.*|x-real-ip|x-client-.*|x-original-.*|x-rewrite-.*|x-http-method.*|x-method-override|x-auth-request-.*|x-remote-.*|remote-.*|remote|oidc-.*|foreman-user.*|x-csrf-token|csrfpreventiontoken|pve.*|ssl-.*|x-ssl-.*|true-client-ip|cf-connecting-ip|sec-websocket-.*|x-osmo-auth)$/;

const HANDSHAKE = new Set([
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-protocol',
  'sec-websocket-extensions',
  'origin',
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
    const { lower, passes } = fieldName(name);
    const fits = passes || (more?.has(lower) ?? false) || (handshake && HANDSHAKE.has(lower));
    if (!fits || stripped.includes(lower) || (named?.has(lower) ?? false)) continue;
    lines += `${name}: ${raw[at + 1]}\r\n`;
  }
  return lines;
}
