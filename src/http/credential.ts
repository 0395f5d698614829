import { parseToken } from '../tokens/token-string.ts';

/** Our session cookie. The second name is what browsers of the Gafaelfawr surface may still carry. */
export const SESSION_COOKIE = 'tessera_session';
export const FOREIGN_SESSION_COOKIE = 'gafaelfawr';

export type Credential =
  | { readonly kind: 'cookie' | 'header'; readonly token: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed'; readonly message: string };

const NONE: Credential = { kind: 'none' };
const malformed = (message: string): Credential => ({ kind: 'malformed', message });

/**
 * The credential of a request: a session cookie that holds a well-formed token wins; then the first
 * `Authorization` header. Takes the values as they came, since a parsed header object hides repeated ones.
 */
export function findCredential(authorizations: readonly string[], cookies: readonly string[]): Credential {
  for (const header of cookies) {
    const token = sessionCookie(header);
    if (token !== null) return { kind: 'cookie', token };
  }
  const [first] = authorizations;
  return first === undefined ? NONE : fromAuthorization(first);
}

function sessionCookie(header: string): string | null {
  if (!header.includes(SESSION_COOKIE)) return null;
  for (const part of header.split(';')) {
    const [name, value] = splitOnce(part.trim(), '=');
    if (name === SESSION_COOKIE && value !== null && parseToken(value) !== null) return value;
  }
  return null;
}

const BEARER_LENGTH = 'Bearer '.length;
const PLAIN_BEARER = /^bearer (?:tsr|gt)-[\w.-]+$/i;

/** RFC 6750 section 2.1 for Bearer; for Basic (RFC 7617) whichever part is a token counts, the name first. */
export function fromAuthorization(header: string): Credential {
  // What nearly all callers send, told without taking the header apart.
  if (PLAIN_BEARER.test(header)) return { kind: 'header', token: header.slice(BEARER_LENGTH) };
  const match = /^([^\s]+)(?:[ \t]+(.*))?$/.exec(header);
  const scheme = match?.[1]?.toLowerCase() ?? '';
  const value = match?.[2]?.trim() ?? '';
  if (scheme === 'bearer') {
    return value === ''
      ? malformed('The Authorization header has no token behind Bearer')
      : { kind: 'header', token: value };
  }
  if (scheme !== 'basic') return malformed('The Authorization scheme must be Bearer or Basic');
  const decoded = decodeBasic(value);
  if (decoded === null) return malformed('The Basic credential is not base64 of name:password');
  const [user, password] = decoded;
  const tokens = [user, password].filter(looksLikeToken);
  const [token, other] = tokens;
  if (token === undefined) return NONE;
  if (other !== undefined && other !== token)
    return malformed('The Basic credential holds two different tokens');
  return { kind: 'header', token };
}

/** Name and password of a Basic value; null unless it is strict base64 of UTF-8 with exactly one colon. */
export function decodeBasic(value: string): [string, string] | null {
  if (value === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return null;
  const parts = Buffer.from(value, 'base64').toString('utf8').split(':');
  const [user, password] = parts;
  return parts.length === 2 && user !== undefined && password !== undefined ? [user, password] : null;
}

const DOTTED_FORM = /^gt-.{22}\..{22}$/s;

/** Whether a text has the outer form of a token, good or not: such a text is never passed on to a service. */
export const looksLikeToken = (text: string): boolean =>
  DOTTED_FORM.test(text) || /^tsr-[0-9A-Za-z-]+$/.test(text);

interface CookieWish {
  /** Sent over TLS only. */
  readonly secure: boolean;
  readonly path?: string;
  /** 0 has the browser forget it; without it the cookie goes with the browser's session. */
  readonly maxAgeSeconds?: number;
}

/** A Set-Cookie value (RFC 6265 section 4.1) of a cookie that no script reads and no foreign form sends. */
export function setCookie(
  name: string,
  value: string,
  { secure, path = '/', maxAgeSeconds }: CookieWish,
): string {
  const age = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`;
  return `${name}=${value}; Path=${path}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}${age}`;
}

/** Value of the cookie of this name in the headers as they came. */
export function cookieNamed(name: string, headers: readonly string[]): string | null {
  for (const part of headers.flatMap((header) => header.split(';'))) {
    const [found, value] = splitOnce(part.trim(), '=');
    if (found === name) return value;
  }
  return null;
}

export function splitOnce(text: string, separator: string): [string, string | null] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, null] : [text.slice(0, at), text.slice(at + separator.length)];
}
