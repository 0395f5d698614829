import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Actor } from '../../../access/principal.ts';
import { auditEntry } from '../../../audit/entry.ts';
import type { AuditTrail } from '../../../audit/trail.ts';
import { seconds } from '../../../base/clock.ts';
import { durationSeconds } from '../../../base/duration.ts';
import type { Exchange } from '../../../tokens/exchange.ts';
import type { Revoke } from '../../../tokens/revoke.ts';
import type { Refused, Verified, Verifier } from '../../../tokens/verify.ts';
import { ExchangedToken } from '../../../wire/sessions.ts';
import { addressOf, credentialHeaders } from '../../authenticate.ts';
import type { ClientAddress } from '../../client-address.ts';
import { decodeBasic, findCredential } from '../../credential.ts';
import { acceptForms } from '../../form.ts';
import { faultOf } from '../../framework-fault.ts';
import type { Counters } from '../../metrics.ts';
import { statusOf } from '../../problem.ts';
import { ACCESS_TOKEN_TYPE, ExchangeForm, JWT_TYPE, TOKEN_EXCHANGE, TokenForm } from './form.ts';
import { type PublishedRouteNeeds, publishedRoutes } from './published.ts';

export interface OauthRouteNeeds extends PublishedRouteNeeds {
  readonly verifier: Verifier;
  readonly exchange: Exchange;
  readonly revoke: Revoke;
  readonly audit: Pick<AuditTrail, 'refused'>;
  readonly clientAddress: ClientAddress;
  readonly counters: Counters;
}

const Anything = z.record(z.string(), z.unknown());
const OauthError = z.object({ error: z.string(), error_description: z.string() }).meta({ id: 'OauthError' });

/** RFC 8693 exchange, RFC 7662 introspection, RFC 7009 revocation; and what is published beside them. */
export function oauthRoutes(app: FastifyInstance, needs: OauthRouteNeeds): void {
  app.register(async (scope) => {
    acceptForms(scope);
    formRoutes(scope, needs);
  });
  publishedRoutes(app, needs);
}

function formRoutes(app: FastifyInstance, needs: OauthRouteNeeds): void {
  const { verifier, exchange, revoke, clientAddress, counters, clock, audit, issuer } = needs;
  const tag = 'OAuth';
  const form = (summary: string, description: string, body: z.ZodType, response: z.ZodType) => ({
    schema: {
      tags: [tag],
      summary,
      description,
      body,
      consumes: ['application/x-www-form-urlencoded'],
      response: { 200: response, 400: OauthError, 401: OauthError, 503: OauthError },
    },
    // RFC 6749 section 5.2 has its own form of error.
    errorHandler(error: FastifyError, _request: FastifyRequest, reply: FastifyReply) {
      const refusal = faultOf(error);
      const status = statusOf(refusal.code);
      const message =
        refusal.code === 'unsupported_media_type'
          ? 'Send a form with the header Content-Type: application/x-www-form-urlencoded.'
          : refusal.message;
      refuse(reply, status, status < 500 ? 'invalid_request' : 'server_error', message);
    },
  });

  function refuse(reply: FastifyReply, status: number, error: string, description: string): FastifyReply {
    if (status === 401) reply.header('www-authenticate', `Basic realm="${app.publicHost}"`);
    return noStore(reply).code(status).send({ error, error_description: description });
  }

  /**
   * The token a caller authenticates with: bearer, as the password of a client that uses Basic, or as
   * `client_secret`. Null when none was sent, false when it is not good.
   */
  async function authenticated(
    request: FastifyRequest,
    secret: string | undefined,
  ): Promise<Verified | null | false> {
    const { authorizations } = credentialHeaders(request.raw);
    const found = findCredential(decodeClientBasic(authorizations), []);
    if (found.kind === 'malformed') return false;
    // A client that names itself by Basic and brings no token of ours did not authenticate.
    if (found.kind === 'none' && authorizations.length > 0) return false;
    const credential = found.kind === 'none' ? secret : found.token;
    if (credential === undefined) return null;
    const verdict = await verifier.check(credential);
    if (!verdict.ok) noteRefusal(request, verdict);
    return verdict.ok ? verdict : false;
  }

  function noteRefusal(request: FastifyRequest, { token, code }: Refused): void {
    if (token === null) return;
    const { username, id: tokenId } = token.record;
    audit.refused(
      auditEntry(
        clock(),
        { username, tokenId, address: addressOf(request.raw, clientAddress) },
        {
          action: 'request.refused',
          route: 'oauth',
          method: 'POST',
          path: request.routeOptions.url ?? null,
          status: statusOf(code),
          detail: { reason: code },
        },
      ),
    );
  }

  app.post(
    '/oauth/token',
    form(
      'Exchange a token for a short access JWT (RFC 8693)',
      'The JWT ends with the token it came from, everywhere within a second on our own surfaces.',
      ExchangeForm,
      ExchangedToken,
    ),
    async (request, reply) => {
      const body = request.body as z.output<typeof ExchangeForm>;
      if (body.grant_type !== TOKEN_EXCHANGE) {
        return refuse(reply, 400, 'unsupported_grant_type', `grant_type must be ${TOKEN_EXCHANGE}`);
      }
      if (body.subject_token_type !== ACCESS_TOKEN_TYPE) {
        return refuse(reply, 400, 'invalid_request', `subject_token_type must be ${ACCESS_TOKEN_TYPE}`);
      }
      const wanted = body.requested_token_type ?? JWT_TYPE;
      if (wanted !== JWT_TYPE && wanted !== ACCESS_TOKEN_TYPE) {
        return refuse(reply, 400, 'invalid_request', `requested_token_type must be ${JWT_TYPE}`);
      }
      const verdict = await verifier.check(body.subject_token);
      if (!verdict.ok) {
        noteRefusal(request, verdict);
        if (verdict.code === 'unavailable')
          return refuse(reply, 503, 'temporarily_unavailable', verdict.message);
        return refuse(reply, 400, 'invalid_request', `subject_token: ${verdict.message}`);
      }
      const lifetime = body.lifetime;
      const traded = await exchange.exchange(verdict, {
        address: addressOf(request.raw, clientAddress),
        ...(body.scope === undefined ? {} : { scopes: body.scope.split(' ').filter((name) => name !== '') }),
        ...(body.audience === undefined ? {} : { audience: body.audience }),
        ...(lifetime === undefined ? {} : { lifetimeSeconds: durationSeconds(lifetime) }),
      });
      if (!traded.ok) {
        const { code, message } = traded.error;
        if (code === 'insufficient_scope') return refuse(reply, 400, 'invalid_scope', message);
        if (code === 'forbidden') return refuse(reply, 400, 'invalid_request', `subject_token: ${message}`);
        const status = statusOf(code);
        return status < 500
          ? refuse(reply, 400, 'invalid_request', message)
          : refuse(reply, status, 'temporarily_unavailable', message);
      }
      return noStore(reply).send({
        access_token: traded.value.jwt.reveal(),
        issued_token_type: wanted,
        token_type: 'Bearer' as const,
        expires_in: traded.value.expiresAt - seconds(clock),
        scope: traded.value.scopes.join(' '),
      });
    },
  );

  app.post(
    '/oauth/introspect',
    form(
      'Is this token good, whose is it, what may it do (RFC 7662)',
      'Any good token authenticates the caller: as bearer, as Basic password or as client_secret.',
      TokenForm,
      Anything,
    ),
    async (request, reply) => {
      const body = request.body as z.output<typeof TokenForm>;
      const caller = await authenticated(request, body.client_secret);
      if (!caller) return refuse(reply, 401, 'invalid_client', 'Authenticate with a token of your own');
      const verdict = await verifier.check(body.token);
      if (!verdict.ok) {
        if (verdict.code === 'unavailable')
          return refuse(reply, 503, 'temporarily_unavailable', verdict.message);
        return noStore(reply).send({ active: false });
      }
      const { record } = verdict.token;
      const end = verdict.jwt?.expiresAt ?? record.expiresAt;
      return noStore(reply).send({
        active: true,
        scope: verifier.effectiveScopes(verdict).join(' '),
        username: record.username,
        sub: record.username,
        token_type: 'Bearer',
        iss: issuer,
        ...(verdict.jwt === null ? { iat: record.createdAt } : { aud: issuer }),
        ...(end === null ? {} : { exp: end }),
        tid: record.id,
        kind: record.type,
        ...(record.service === null ? {} : { service: record.service }),
      });
    },
  );

  app.post(
    '/oauth/revoke',
    form(
      'Revoke the token one holds (RFC 7009)',
      'Holding the token is enough. An unknown token is answered like a revoked one.',
      TokenForm,
      Anything,
    ),
    async (request, reply) => {
      const body = request.body as z.output<typeof TokenForm>;
      const caller = await authenticated(request, body.client_secret);
      if (caller === false)
        return refuse(reply, 401, 'invalid_client', 'The token you authenticate with is not valid');
      const verdict = await verifier.check(body.token);
      if (!verdict.ok) {
        if (verdict.code === 'unavailable')
          return refuse(reply, 503, 'temporarily_unavailable', verdict.message);
        return noStore(reply).send({});
      }
      if (verdict.jwt !== null) {
        return refuse(reply, 400, 'unsupported_token_type', 'An access JWT ends with the token it came from');
      }
      const actor: Actor = verifier.actor(verdict, addressOf(request.raw, clientAddress));
      const revoked = await revoke.byHolder(actor, verdict.token.record.id);
      if (revoked.ok) counters.revoked += revoked.value.length;
      return noStore(reply).send({});
    },
  );
}

const noStore = (reply: FastifyReply): FastifyReply => reply.header('cache-control', 'no-store');

/** Clients form-encode both parts of a Basic credential (RFC 6749 section 2.3.1). */
function decodeClientBasic(authorizations: readonly string[]): string[] {
  return authorizations.map((header) => {
    const match = /^basic\s+(\S+)$/i.exec(header);
    const parts = match?.[1] === undefined ? null : decodeBasic(match[1]);
    if (parts === null) return header;
    const [id, secret] = parts.map((part) => {
      try {
        return decodeURIComponent(part.replace(/\+/g, ' '));
      } catch {
        return part;
      }
    });
    return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  });
}
