import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type Clock, seconds } from '../../../base/clock.ts';
import { defined } from '../../../base/defined.ts';
import { fieldFault } from '../../../base/fault.ts';
import { err, ok } from '../../../base/result.ts';
import type { Credentials } from '../../../connections/credentials.ts';
import type { UpstreamTokens } from '../../../connections/upstream-tokens.ts';
import { Connection } from '../../../wire/connections.ts';
import {
  MadeCredential,
  MakeCredential,
  RevokeCredential,
  RevokeUpstreamToken,
  RotateCredential,
  RotatedCredential,
  UpstreamTokenList,
  UpstreamTokenQuery,
} from '../../../wire/upstream-credentials.ts';
import type { Authenticate } from '../../authenticate.ts';
import { readExpiry } from '../../expiry.ts';
import { timestampOrNull } from '../../present.ts';
import { route } from '../../route.ts';
import { CONNECTIONS, Keyed, TAG } from './connections.ts';
import { presentConnection, presentFinding } from './present.ts';
import { credentialWish, expectWish, trustWish } from './wish.ts';

export interface CredentialRouteNeeds {
  readonly authenticate: Authenticate;
  readonly credentials: Credentials;
  readonly upstreamTokens: UpstreamTokens;
  readonly clock: Clock;
}

const Numbered = z.object({ id: Keyed.shape.id, token: z.string().regex(/^\d{1,18}$/, 'must be a number') });

export function credentialRoutes(
  app: FastifyInstance,
  { authenticate, credentials, upstreamTokens, clock }: CredentialRouteNeeds,
): void {
  const tag = TAG;

  route(app, authenticate, {
    method: 'POST',
    path: `${CONNECTIONS}/make-credential`,
    tag,
    summary: 'Make a credential upstream',
    description:
      'User, role, token and grants, with an administrator login that is used once and kept nowhere.',
    body: MakeCredential,
    response: MadeCredential,
    status: 201,
    faults: ['insufficient_scope', 'not_found', 'name_taken', 'not_supported', 'upstream_failed', 'sealed'],
    async handle({ body, caller }) {
      const { trust: typed, admin, wish, store_as, store_in, reveal, ...place } = body;
      const now = seconds(clock);
      const trust = trustWish(typed, now);
      if (!trust.ok) return trust;
      const { expires_at, expect, ...wanted } = wish;
      const end = readExpiry({ expires_at }, now);
      if (!end.ok) return end;
      const kept = store_as !== undefined || store_in !== undefined;
      if (!kept && reveal === false)
        return err(
          fieldFault('invalid_request', 'reveal', 'would lose the credential: store it, or show it'),
        );
      const made = await credentials.make(caller.actor, {
        ...defined({ ...place, storeAs: store_as, storeIn: store_in }),
        ...trust.value,
        ...(admin === undefined ? {} : { admin: credentialWish(admin) }),
        wish: {
          ...defined(wanted),
          ...expectWish(expect),
          ...(end.value == null ? {} : { expiresAt: end.value }),
        },
      });
      if (!made.ok) return made;
      const { credential, expiresAt, done, record } = made.value;
      return ok({
        method: credential.method,
        identity: credential.identity,
        secret: (reveal ?? !kept) ? credential.secret.reveal() : null,
        expires_at: timestampOrNull(expiresAt),
        done: [...done],
        connection: record === null ? null : presentConnection(record, seconds(clock)),
      });
    },
  });

  route(app, authenticate, {
    method: 'POST',
    path: `${CONNECTIONS}/:id/rotate`,
    tag,
    summary: 'Replace the credential of a connection',
    params: Keyed,
    body: RotateCredential.nullish(),
    response: RotatedCredential,
    faults: ['insufficient_scope', 'not_found', 'not_supported', 'conflict', 'upstream_failed', 'sealed'],
    async handle({ params, body, caller }) {
      const admin = body?.admin === undefined ? undefined : credentialWish(body.admin);
      const rotated = await credentials.rotate(caller.actor, params.id, admin);
      if (!rotated.ok) return rotated;
      return ok({
        connection: presentConnection(rotated.value.record, seconds(clock)),
        overlap: rotated.value.overlap,
        warnings: rotated.value.warnings.map(presentFinding),
      });
    },
  });

  route(app, authenticate, {
    method: 'POST',
    path: `${CONNECTIONS}/:id/revoke-credential`,
    tag,
    summary: 'Revoke the credential upstream and forget it',
    params: Keyed,
    body: RevokeCredential.nullish(),
    response: Connection,
    faults: ['insufficient_scope', 'not_found', 'not_supported', 'conflict', 'upstream_failed'],
    async handle({ params, body, caller }) {
      const admin = body?.admin === undefined ? undefined : credentialWish(body.admin);
      const revoked = await credentials.revoke(caller.actor, params.id, admin);
      return revoked.ok ? ok(presentConnection(revoked.value, seconds(clock))) : revoked;
    },
  });

  route(app, authenticate, {
    method: 'GET',
    path: `${CONNECTIONS}/:id/upstream-tokens`,
    tag,
    summary: 'Tokens as Foreman keeps them',
    params: Keyed,
    query: UpstreamTokenQuery,
    response: UpstreamTokenList,
    faults: ['insufficient_scope', 'not_found', 'not_supported', 'upstream_failed'],
    async handle({ params, query, caller }) {
      const listed = await upstreamTokens.list(caller.actor, params.id, query.user);
      if (!listed.ok) return listed;
      return ok({
        items: listed.value.map(({ id, name, active, expiresAt, createdAt }) => ({
          id,
          name,
          active,
          expires_at: timestampOrNull(expiresAt),
          created_at: timestampOrNull(createdAt),
        })),
      });
    },
  });

  route(app, authenticate, {
    method: 'POST',
    path: `${CONNECTIONS}/:id/upstream-tokens/:token/revoke`,
    tag,
    summary: 'Revoke a token in Foreman',
    params: Numbered,
    body: RevokeUpstreamToken.nullish(),
    faults: ['insufficient_scope', 'not_found', 'not_supported', 'upstream_failed'],
    handle: async ({ params, body, caller }) =>
      upstreamTokens.revoke(caller.actor, params.id, params.token, {
        ...(body?.user === undefined ? {} : { user: body.user }),
        ...(body?.admin === undefined ? {} : { admin: credentialWish(body.admin) }),
      }),
  });
}
