import type { FastifyInstance } from 'fastify';
import { auditEntry } from '../../audit/entry.ts';
import type { AuditTrail } from '../../audit/trail.ts';
import type { Clock } from '../../base/clock.ts';
import { fault } from '../../base/fault.ts';
import { err, ok } from '../../base/result.ts';
import { addressOf } from '../../http/authenticate.ts';
import type { ClientAddress } from '../../http/client-address.ts';
import type { LastUses } from '../../tokens/last-use.ts';
import { KEY_SET_MAX_AGE, type SigningKeys } from '../../tokens/signing-keys.ts';
import { parseToken } from '../../tokens/token-string.ts';
import type { Refused, Verifier } from '../../tokens/verify.ts';
import { osmoStatus } from './answer.ts';
import { openCall } from './call.ts';
import type { LoginJwts } from './login-jwt.ts';
import { Done, ExchangeAnswer, ExchangeBody, KeySet, LoginInfo, Version } from './shapes.ts';

export interface LoginCallNeeds {
  readonly verifier: Verifier;
  readonly loginJwts: LoginJwts;
  readonly signingKeys: SigningKeys;
  readonly lastUses: LastUses;
  readonly audit: AuditTrail;
  readonly clientAddress: ClientAddress;
  readonly clock: Clock;
  /** Where names and passwords are taken; null where they would travel in the clear. */
  readonly passwordEndpoint: string | null;
}

const EXCHANGE_PATH = '/api/auth/jwt/access_token';

/** What is asked before and at a login: which ways there are, the keys, a token traded for a JWT, the version. */
export function loginCalls(app: FastifyInstance, needs: LoginCallNeeds): void {
  const { verifier, loginJwts, signingKeys, lastUses, audit, clientAddress, clock } = needs;

  openCall(app, {
    method: 'GET',
    path: '/api/auth/login',
    summary: 'Which ways to log in there are besides a token',
    answer: LoginInfo,
    handle: async () =>
      ok({
        device_endpoint: null,
        device_client_id: null,
        browser_endpoint: null,
        browser_client_id: null,
        token_endpoint: needs.passwordEndpoint,
        logout_endpoint: null,
      }),
  });

  openCall(app, {
    method: 'GET',
    path: '/api/auth/keys',
    summary: 'Keys that sign the JWTs (RFC 7517)',
    answer: KeySet,
    async handle({ reply }) {
      reply.header('cache-control', `public, max-age=${KEY_SET_MAX_AGE}`);
      const { keys } = await signingKeys.published();
      return ok({ keys: keys.map((key) => ({ ...key })) });
    },
  });

  openCall(app, {
    method: 'POST',
    path: EXCHANGE_PATH,
    summary: 'Trade a token for a JWT: the login, and its refresh',
    description: 'The token stands in the body; an Authorization header is not looked at.',
    body: ExchangeBody,
    answer: ExchangeAnswer,
    async handle({ body, request }) {
      const token = body.token.trim();
      const address = addressOf(request.raw, clientAddress);
      // A JWT may not prolong its own life: only what was minted is traded.
      const verdict = parseToken(token) === null ? null : await verifier.check(token);
      if (verdict === null || !verdict.ok) {
        if (verdict !== null) noteRefusal(verdict, address);
        return err(refusalOf(verdict));
      }
      const issued = await loginJwts.issue(verdict, address);
      if (!issued.ok) return issued;
      lastUses.note(verdict.token.record.id, address, 'osmo');
      return ok({ token: issued.value.jwt.reveal(), expires_at: issued.value.expiresAt });
    },
  });

  openCall(app, {
    method: 'GET',
    path: EXCHANGE_PATH,
    summary: 'Refused: a secret in an address ends up in logs',
    answer: Done,
    handle: async () =>
      err(
        fault(
          'invalid_request',
          'A token in the address of a request ends up in logs, so it is not taken from there, and the one just ' +
            'sent should be replaced. Send it in the body of a POST; clients from 6.2.8 on do.',
        ),
      ),
  });

  openCall(app, {
    method: 'GET',
    path: '/api/version',
    summary: 'The version of the protocol that is spoken here',
    answer: Version,
    handle: async () => ok({ major: '6', minor: '4', revision: '0', hash: '' }),
  });

  function noteRefusal(refused: Refused, address: string | null): void {
    if (refused.token === null) return;
    const { username, id: tokenId } = refused.token.record;
    audit.refused(
      auditEntry(
        clock(),
        { username, tokenId, address },
        {
          action: 'request.refused',
          route: 'osmo',
          method: 'POST',
          path: EXCHANGE_PATH,
          status: osmoStatus(refusalOf(refused).code),
          detail: { reason: refused.code },
        },
      ),
    );
  }
}

/**
 * One answer for unknown, malformed, deleted and disabled. That a token ran out is said, to whoever holds it:
 * the client shows this text and nothing else of the reason.
 */
function refusalOf(verdict: Refused | null) {
  if (verdict?.code === 'unavailable') return fault('unavailable', `${verdict.message}.`);
  if (verdict?.code === 'token_expired') {
    return fault('invalid_request', "The access token has expired. Make a new one with 'osmo token set'.");
  }
  return fault('invalid_request', 'The access token is not valid.');
}
