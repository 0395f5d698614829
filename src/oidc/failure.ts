import * as client from 'openid-client';
import { refused } from '../access/sign-in-refusal.ts';
import type { Result } from '../base/result.ts';

/** What of a provider's own error code may be shown: RFC 6749 section 4.1.2.1 allows more than we want to print. */
const plainCode = (code: string): string =>
  /^[\w.-]{1,60}$/.test(code) ? code : 'an error without a plain code';

const CLIENT_FIX = 'See that TESSERA_OIDC_CLIENT_ID and its secret are those of the provider.';

/** Names the check behind an error of the protocol library, in words that repeat nothing the provider wrote. */
export function refusalOf(error: unknown, doing: 'discovery' | 'callback'): Result<never> {
  if (error instanceof client.AuthorizationResponseError) {
    return refused(
      'provider_refused',
      `the provider answered '${plainCode(error.error)}'`,
      error.error === 'access_denied' ? 'Allow access at the provider, or ask its administrator.' : undefined,
    );
  }
  if (error instanceof client.ResponseBodyError) {
    return refused(
      'provider_refused',
      `the provider did not take the code: '${plainCode(error.error)}'`,
      error.error === 'invalid_grant' ? 'A code is good once and for a short time. Begin again.' : CLIENT_FIX,
    );
  }
  const { code, cause } = error instanceof client.ClientError ? error : { code: undefined, cause: error };
  const message = cause instanceof Error ? cause.message : '';
  if (doing === 'discovery') {
    if (code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED') {
      return refused(
        'issuer',
        'the provider calls itself otherwise than TESSERA_OIDC_ISSUER does',
        "Set it to the 'issuer' of the provider's /.well-known/openid-configuration, to the letter.",
      );
    }
    return unavailable(reasonOf(error));
  }
  if (/nonce/i.test(message))
    return refused('nonce', 'the ID token was made for another sign-in', 'Begin again.');
  if (code === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED') {
    return refused(
      'id_token',
      'the ID token has expired or is not good yet',
      'Compare the clocks of the provider and of this machine.',
    );
  }
  if (error instanceof client.WWWAuthenticateChallengeError)
    return refused('provider_refused', 'the provider did not tell who this is');
  if (code === undefined || code === 'OAUTH_TIMEOUT' || code === 'OAUTH_RESPONSE_IS_NOT_CONFORM')
    return unavailable(reasonOf(error));
  return refused('id_token', ID_TOKEN_FAULTS[claimOf(cause)] ?? 'the ID token does not hold');
}

const ID_TOKEN_FAULTS: Readonly<Record<string, string>> = {
  iss: 'the ID token is from another issuer',
  aud: 'the ID token is for another client',
  sub: 'the ID token and the account details speak of different people',
  azp: 'the ID token is for another client',
};

function claimOf(cause: unknown): string {
  const detail = cause instanceof Error ? (cause.cause as { claim?: unknown; attribute?: unknown }) : null;
  return String(detail?.claim ?? detail?.attribute ?? '');
}

function unavailable(reason: string): Result<never> {
  return refused(
    'provider_unavailable',
    `the provider ${reason}`,
    'Try again later, or sign in with a password.',
    'unavailable',
  );
}

function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  if (code === 'OAUTH_TIMEOUT') return 'does not answer in time';
  if (code === 'OAUTH_RESPONSE_IS_NOT_CONFORM') return 'answers with an unexpected status';
  if (typeof code === 'string') return 'answers with something else than its description';
  const cause = (error as { cause?: { code?: unknown } }).cause?.code;
  return typeof cause === 'string' && /^[A-Z_]+$/.test(cause)
    ? `cannot be reached (${cause})`
    : 'cannot be reached';
}
