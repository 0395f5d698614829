import * as client from 'openid-client';
import type { Clock } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import type { Attempt } from './attempt.ts';
import { boundedFetch } from './bounded-fetch.ts';
import { type ClaimNames, claimAt, type ProviderPerson, personOf } from './claims.ts';
import { refusalOf } from './failure.ts';

export interface ProviderSettings extends ClaimNames {
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
}

/** The OpenID Connect provider. Nothing is asked of it before somebody wants to sign in. */
export interface Provider {
  /** Where the browser goes to sign in. */
  addressFor(attempt: Attempt): Promise<Result<string>>;
  /** Who came back, by the code in the address that the provider sent the browser to. */
  personAt(address: URL, attempt: Attempt): Promise<Result<ProviderPerson>>;
}

interface Dependencies {
  readonly settings: ProviderSettings;
  readonly secret: Secret;
  readonly redirectUri: string;
  readonly clock: Clock;
}

const TIMEOUT_SECONDS = 10;
/** How long its description is believed before it is asked for again. */
const DESCRIPTION_MS = 60 * 60_000;
/** How long a failure to get it stands, so that many browsers at once do not wait one after the other. */
const FAILURE_MS = 2_000;

export function createProvider({ settings, secret, redirectUri, clock }: Dependencies): Provider {
  let known: { readonly config: client.Configuration; readonly at: number } | null = null;
  let failed: { readonly result: Result<never>; readonly at: number } | null = null;
  let asking: Promise<Result<client.Configuration>> | null = null;

  // What the provider takes; without a word of it Basic, as OpenID Connect Discovery section 3 has it.
  const authentication: client.ClientAuth = (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const way = methods.includes('client_secret_basic') ? client.ClientSecretBasic : client.ClientSecretPost;
    way(secret.reveal())(server, ...rest);
  };

  async function discover(): Promise<Result<client.Configuration>> {
    const issuer = new URL(settings.issuer);
    const plain = issuer.protocol === 'http:' ? [client.allowInsecureRequests] : [];
    try {
      const config = await client.discovery(issuer, settings.clientId, undefined, authentication, {
        timeout: TIMEOUT_SECONDS,
        [client.customFetch]: boundedFetch,
        // The signature counts besides the connection: an ID token is what people are believed by.
        execute: [...plain, client.enableNonRepudiationChecks],
      });
      known = { config, at: clock() };
      failed = null;
      return ok(config);
    } catch (error) {
      const result = refusalOf(error, 'discovery') as Result<never>;
      failed = { result, at: clock() };
      // What it said an hour ago is better than nothing.
      return known === null ? result : ok(known.config);
    }
  }

  async function description(): Promise<Result<client.Configuration>> {
    if (known !== null && clock() - known.at < DESCRIPTION_MS) return ok(known.config);
    if (known === null && failed !== null && clock() - failed.at < FAILURE_MS) return failed.result;
    asking ??= discover().finally(() => {
      asking = null;
    });
    return asking;
  }

  async function claimsOf(config: client.Configuration, address: URL, attempt: Attempt) {
    const tokens = await client.authorizationCodeGrant(config, address, {
      pkceCodeVerifier: attempt.verifier,
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      idTokenExpected: true,
    });
    const claims: Record<string, unknown> = { ...tokens.claims() };
    const wanted = [settings.usernameClaim, settings.groupsClaim];
    const complete = wanted.every((name) => claimAt(claims, name) !== undefined);
    if (complete || config.serverMetadata().userinfo_endpoint === undefined) return claims;
    const more = await client.fetchUserInfo(config, tokens.access_token, String(claims.sub));
    return { ...more, ...claims };
  }

  return {
    async addressFor(attempt) {
      const config = await description();
      if (!config.ok) return config;
      const address = client.buildAuthorizationUrl(config.value, {
        redirect_uri: redirectUri,
        scope: settings.scopes.join(' '),
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(attempt.verifier),
        code_challenge_method: 'S256',
      });
      return ok(address.href);
    },

    async personAt(address, attempt) {
      const config = await description();
      if (!config.ok) return err(config.error);
      try {
        const claims = await claimsOf(config.value, address, attempt);
        return personOf(config.value.serverMetadata().issuer, claims, settings);
      } catch (error) {
        return refusalOf(error, 'callback');
      }
    },
  };
}
