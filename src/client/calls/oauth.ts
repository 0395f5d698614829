import type { ExchangedToken } from '../../wire/sessions.ts';
import { TesseraError } from '../error.ts';
import type { Transport } from '../transport.ts';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

export interface ExchangeRequest {
  /** The token to exchange; the client's own unless given. */
  readonly token?: string | undefined;
  /** To ask for less than the token allows. */
  readonly scopes?: readonly string[] | undefined;
  readonly audience?: string | undefined;
  /** For less than the usual minutes: `2m`, `90s`. */
  readonly lifetime?: string | undefined;
}

/** RFC 7662 section 2.2; members that Tessera sends. A token that is not good for anything is `{ active: false }`. */
export interface Introspection {
  readonly active: boolean;
  readonly scope?: string;
  readonly client_id?: string;
  readonly username?: string;
  readonly token_type?: string;
  readonly exp?: number;
  readonly iat?: number;
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  readonly iss?: string;
  readonly jti?: string;
  readonly [member: string]: unknown;
}

/** RFC 8693: a short-lived signed form of a token, checked with the published keys. */
export function exchange(
  transport: Transport,
  own: string | undefined,
  request: ExchangeRequest = {},
): Promise<ExchangedToken> {
  const subject = request.token ?? own;
  if (subject === undefined)
    throw new TesseraError({
      code: 'invalid_option',
      message: 'token: there is none to exchange.',
      fix: 'Give the client a token, or the call.',
    });
  return transport.call<ExchangedToken>('POST', '/oauth/token', {
    form: {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: subject,
      subject_token_type: ACCESS_TOKEN,
      scope: request.scopes?.join(' '),
      audience: request.audience,
      lifetime: request.lifetime,
    },
  });
}

/** RFC 7662: what a token is worth at this moment. */
export const introspect = (transport: Transport, token: string): Promise<Introspection> =>
  transport.call<Introspection>('POST', '/oauth/introspect', { form: { token } });

/** RFC 7009: a token that is unknown already counts as revoked. */
export const revoke = (transport: Transport, token: string): Promise<void> =>
  transport.call<void>('POST', '/oauth/revoke', { form: { token } });
