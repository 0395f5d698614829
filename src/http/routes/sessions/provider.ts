import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { checkOf } from '../../../access/sign-in-refusal.ts';
import { auditEntry } from '../../../audit/entry.ts';
import type { AuditTrail } from '../../../audit/trail.ts';
import type { Clock } from '../../../base/clock.ts';
import { type Fault, fault } from '../../../base/fault.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import { ATTEMPT_SECONDS, type Attempts } from '../../../oidc/attempt.ts';
import type { Provider } from '../../../oidc/provider.ts';
import type { ProviderSignIn } from '../../../people/provider-sign-in.ts';
import type { Mint } from '../../../tokens/mint.ts';
import { BeginSignIn, EndSignIn, SignInMethods } from '../../../wire/sessions.ts';
import { addressOf, credentialHeaders } from '../../authenticate.ts';
import type { ClientAddress } from '../../client-address.ts';
import { cookieNamed, SESSION_COOKIE, setCookie } from '../../credential.ts';
import { returnAddress } from '../../return-address.ts';
import { openRoute } from '../../route.ts';
import { wantsPage } from '../../wants-page.ts';

/** Everything a sign-in with the provider needs. */
export interface ProviderRooms {
  readonly label: string;
  readonly provider: Provider;
  readonly attempts: Attempts;
  readonly signIn: ProviderSignIn;
}

export interface ProviderRouteNeeds {
  /** Null when no provider is configured. */
  readonly oidc: ProviderRooms | null;
  readonly mint: Pick<Mint, 'sessionToken'>;
  readonly audit: Pick<AuditTrail, 'refused'>;
  readonly clientAddress: ClientAddress;
  readonly clock: Clock;
  readonly publicUrl: string;
}

const FOLDER = '/api/v1/sessions/oidc';
const LOGIN = `${FOLDER}/login`;
export const CALLBACK = `${FOLDER}/callback`;
const ATTEMPT_COOKIE = 'tessera_sign_in';

/** Authorization code with PKCE, state and nonce (OpenID Connect Core section 3.1). */
export function providerRoutes(app: FastifyInstance, needs: ProviderRouteNeeds): void {
  const { oidc, mint, audit, clientAddress, clock, publicUrl } = needs;
  const tag = 'Sign-in';
  const secure = publicUrl.startsWith('https:');

  const attemptCookie = (value: string, maxAgeSeconds: number): string =>
    setCookie(ATTEMPT_COOKIE, value, { secure, path: FOLDER, maxAgeSeconds });

  openRoute(app, {
    method: 'GET',
    path: '/api/v1/sessions/methods',
    tag,
    summary: 'How one can sign in here',
    response: SignInMethods,
    handle: async () =>
      ok({ password: true, provider: oidc === null ? null : { label: oidc.label, login_path: LOGIN } }),
  });

  openRoute(app, {
    method: 'GET',
    path: LOGIN,
    tag,
    summary: 'Sign in with the OpenID Connect provider',
    description: 'For browsers: leads to the provider, which leads back.',
    query: BeginSignIn,
    status: 302,
    faults: ['not_supported', 'unavailable', 'sign_in_failed'],
    async handle({ query, request, reply }) {
      if (oidc === null) return err(NOT_CONFIGURED);
      const returnTo = returnAddress(query.return_to, publicUrl) ?? '/';
      const begun = oidc.attempts.begin(returnTo);
      if (!begun.ok) return tellBrowser(request, reply, begun.error, returnTo);
      const address = await oidc.provider.addressFor(begun.value.attempt);
      if (!address.ok) {
        note(request, address.error);
        return tellBrowser(request, reply, address.error, returnTo);
      }
      reply.header('set-cookie', attemptCookie(begun.value.sealed, ATTEMPT_SECONDS));
      reply.header('location', address.value);
      return ok(undefined);
    },
  });

  openRoute(app, {
    method: 'GET',
    path: CALLBACK,
    tag,
    summary: 'Where the provider sends the browser back to',
    description:
      'Sets the session cookie and leads on. What goes wrong is shown by the sign-in page; programs get it as a problem whose field names the check.',
    query: EndSignIn,
    status: 302,
    faults: ['not_supported', 'unavailable', 'sign_in_failed', 'name_taken', 'sealed'],
    async handle({ query, request, reply }) {
      if (oidc === null) return err(NOT_CONFIGURED);
      const sealed = cookieNamed(ATTEMPT_COOKIE, credentialHeaders(request.raw).cookies);
      const attempt = oidc.attempts.resume(sealed, query.state ?? null);
      // An attempt of another tab may still come to its end.
      if (!attempt.ok) return refuse(request, reply, attempt.error, '/');
      const { returnTo } = attempt.value;
      const forget = attemptCookie('', 0);
      reply.header('set-cookie', forget);

      const person = await oidc.provider.personAt(new URL(request.url, publicUrl), attempt.value);
      if (!person.ok) return refuse(request, reply, person.error, returnTo);
      const address = addressOf(request.raw, clientAddress);
      const user = await oidc.signIn.admit(person.value, address);
      if (!user.ok) return refuse(request, reply, user.error, returnTo, person.value.identity);
      const minted = await mint.sessionToken(user.value, { address });
      if (!minted.ok) return refuse(request, reply, minted.error, returnTo);
      reply.header('set-cookie', setCookie(SESSION_COOKIE, minted.value.token.reveal(), { secure }));
      reply.header('location', returnTo);
      return ok(undefined);
    },
  });

  function note(request: FastifyRequest, refusal: Fault, more: object = {}): void {
    const nobody = {
      username: '<anonymous>',
      tokenId: null,
      address: addressOf(request.raw, clientAddress),
    };
    const detail = { reason: refusal.code, by: 'oidc', check: checkOf(refusal), ...more };
    audit.refused(auditEntry(clock(), nobody, { action: 'session.refused', detail }));
  }

  function refuse(
    request: FastifyRequest,
    reply: FastifyReply,
    refusal: Fault,
    returnTo: string,
    more: object = {},
  ): Result<void> {
    note(request, refusal, more);
    return tellBrowser(request, reply, refusal, returnTo);
  }

  /** A person is led to the sign-in page with the name of the check; text in an address could be anybody's. */
  function tellBrowser(
    request: FastifyRequest,
    reply: FastifyReply,
    refusal: Fault,
    returnTo: string,
  ): Result<void> {
    if (!wantsPage(request.headers)) return err(refusal);
    const search = new URLSearchParams({ refused: checkOf(refusal) ?? refusal.code });
    if (returnTo !== '/') search.set(returnTo.startsWith('/') ? 'next' : 'rd', returnTo);
    reply.header('location', `/sign-in?${search}`);
    return ok(undefined);
  }
}

const NOT_CONFIGURED = fault('not_supported', 'No OpenID Connect provider is configured.', {
  fix: 'Sign in with a password, or set TESSERA_OIDC_ISSUER and the settings that belong to it.',
});
