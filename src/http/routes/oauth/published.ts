import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type Clock, seconds } from '../../../base/clock.ts';
import { JWT_LIFETIME_MAX, KEY_SET_MAX_AGE, type SigningKeys } from '../../../tokens/signing-keys.ts';
import { RevokedList } from '../../../wire/sessions.ts';
import { timestamp } from '../../present.ts';
import { TOKEN_EXCHANGE } from './form.ts';

export interface PublishedRouteNeeds {
  readonly signingKeys: SigningKeys;
  readonly recentlyRevoked: (sinceSeconds: number) => Promise<{ id: string; at: number }[]>;
  readonly clock: Clock;
  readonly issuer: string;
}

const Anything = z.record(z.string(), z.unknown());

/** What anybody may read: RFC 7517 keys, tokens revoked of late, RFC 8414 metadata. */
export function publishedRoutes(app: FastifyInstance, needs: PublishedRouteNeeds): void {
  const { signingKeys, recentlyRevoked, clock, issuer } = needs;
  const tag = 'OAuth';
  // Anybody may ask, so the answer is made once a second, whoever asks.
  let revokedList: { readonly at: number; readonly rows: ReturnType<typeof recentlyRevoked> } | null = null;
  const revokedNow = (now: number): ReturnType<typeof recentlyRevoked> => {
    if (revokedList?.at === now) return revokedList.rows;
    const rows = recentlyRevoked(now - JWT_LIFETIME_MAX - 60);
    revokedList = { at: now, rows };
    return rows;
  };

  app.get(
    '/.well-known/jwks.json',
    {
      schema: { tags: [tag], summary: 'Keys that sign access JWTs (RFC 7517)', response: { 200: Anything } },
    },
    async (_request, reply) =>
      reply.header('cache-control', `public, max-age=${KEY_SET_MAX_AGE}`).send(await signingKeys.published()),
  );

  app.get(
    '/.well-known/revoked-tokens.json',
    {
      schema: {
        tags: [tag],
        summary: 'Tokens revoked while an access JWT of theirs may live, for offline verifiers',
        description: 'Refuse an access JWT whose `tid` stands here.',
        response: { 200: RevokedList },
      },
    },
    async (_request, reply) => {
      const now = seconds(clock);
      const revoked = await revokedNow(now);
      return reply.header('cache-control', 'no-store').send({
        generated_at: timestamp(now),
        max_jwt_lifetime: JWT_LIFETIME_MAX,
        revoked: revoked.map(({ id, at }) => ({ tid: id, at: timestamp(at) })),
      });
    },
  );

  app.get(
    '/.well-known/oauth-authorization-server',
    { schema: { tags: [tag], summary: 'Where the endpoints are (RFC 8414)', response: { 200: Anything } } },
    async () => ({
      issuer,
      token_endpoint: `${issuer}/oauth/token`,
      introspection_endpoint: `${issuer}/oauth/introspect`,
      revocation_endpoint: `${issuer}/oauth/revoke`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      response_types_supported: [],
      grant_types_supported: [TOKEN_EXCHANGE],
      token_endpoint_auth_methods_supported: ['none'],
      introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      revocation_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
    }),
  );
}
