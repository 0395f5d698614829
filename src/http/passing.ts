import { FOREIGN_SESSION_COOKIE, looksLikeToken, SESSION_COOKIE, splitOnce } from './credential.ts';

/** What of a request's own credentials may travel on to the guarded service: nothing that is ours. */

/** True for an `Authorization` value that carries no token of ours, to be passed on as it is. */
export function mayPassAuthorization(value: string): boolean {
  // The same blanks that separate scheme and token where a credential is looked for.
  const blank = value.search(/[ \t]/);
  if (blank === -1) return true;
  const scheme = value.slice(0, blank);
  const rest = value.slice(blank + 1);
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return !looksLikeToken(rest.trim()) && !looksLikeAccessJwt(rest.trim());
    case 'basic': {
      const text = Buffer.from(rest.trim(), 'base64').toString('utf8');
      return !text.split(':').some(looksLikeToken);
    }
    default:
      return true;
  }
}

/** Whether a JWT names itself an access token (RFC 9068 section 2.1), as ours do; others' are none of our business. */
function looksLikeAccessJwt(text: string): boolean {
  if (!text.startsWith('eyJ')) return false;
  try {
    const header: unknown = JSON.parse(Buffer.from(splitOnce(text, '.')[0], 'base64url').toString('utf8'));
    return typeof header === 'object' && header !== null && 'typ' in header && header.typ === 'at+jwt';
  } catch {
    return false;
  }
}

/** A `Cookie` header without session cookies; null when nothing is left. Everything else keeps its text. */
export function passingCookie(header: string): string | null {
  const kept = header
    .split(';')
    .map((part) => part.trim())
    .filter((part) => {
      const [name, value] = splitOnce(part, '=');
      return part !== '' && (value === null || (name !== SESSION_COOKIE && name !== FOREIGN_SESSION_COOKIE));
    });
  return kept.length === 0 ? null : kept.join('; ');
}
