import { parseToken } from '../tokens/token-string.ts';
import type { RequestHead } from './request-head.ts';

/** Where in a request a token of ours was found. */
export type CallerToken =
  | {
      readonly found: 'token';
      readonly token: string;
      /** The identity that stood beside it; it means nothing here and is only noted. */
      readonly beside: string | null;
    }
  | { readonly found: 'nothing' }
  | { readonly found: 'odd'; readonly message: string };

const NOTHING: CallerToken = { found: 'nothing' };
const odd = (message: string): CallerToken => ({ found: 'odd', message });

/**
 * Finds our token in the form in which the tools of each system carry their secret: the value of
 * `PVEAPIToken=user@realm!id=`, the password of a Basic pair (or its name), a bearer token. Nothing else is looked
 * at: no cookie, no query.
 */
export function findCallerToken({
  authorization: value,
  authorizations,
  osmoToken,
}: Pick<RequestHead, 'authorization' | 'authorizations' | 'osmoToken'>): CallerToken {
  if (authorizations > 1) return odd('There are two Authorization headers');
  if (value === null)
    return osmoToken === null ? NOTHING : { found: 'token', token: osmoToken, beside: null };
  if (value.startsWith('Bearer ')) {
    const token = value.slice(7).trim();
    return token === '' ? NOTHING : { found: 'token', token, beside: null };
  }
  if (/^PVEAPIToken[= ]/i.test(value)) {
    const text = value.slice(12).trim();
    const at = text.lastIndexOf('=');
    return at === -1
      ? odd('The value of PVEAPIToken is not of the form user@realm!name=token')
      : { found: 'token', token: text.slice(at + 1), beside: text.slice(0, at) };
  }
  const blank = value.indexOf(' ');
  const scheme = (blank === -1 ? value : value.slice(0, blank)).toLowerCase();
  const rest = blank === -1 ? '' : value.slice(blank + 1).trim();
  if (scheme === 'bearer') return rest === '' ? NOTHING : { found: 'token', token: rest, beside: null };
  if (scheme !== 'basic')
    return odd('The scheme of the Authorization header is not PVEAPIToken, Basic or Bearer');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(rest)) return odd('The Basic credential is not base64');
  const pair = Buffer.from(rest, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon === -1) return odd('The Basic credential is not a name and a password');
  const name = pair.slice(0, colon);
  const password = pair.slice(colon + 1);
  // An empty pair is what tools send that were given no credential.
  if (name === '' && password === '') return NOTHING;
  if (parseToken(password) === null && parseToken(name) !== null)
    return { found: 'token', token: name, beside: null };
  return { found: 'token', token: password, beside: name };
}
