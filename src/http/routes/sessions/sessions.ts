import type { FastifyInstance, FastifyReply } from 'fastify';
import { auditEntry } from '../../../audit/entry.ts';
import type { AuditTrail } from '../../../audit/trail.ts';
import { type Clock, seconds } from '../../../base/clock.ts';
import { fault } from '../../../base/fault.ts';
import { err, ok } from '../../../base/result.ts';
import { Secret } from '../../../base/secret.ts';
import type { Setup } from '../../../people/setup.ts';
import type { SignIn as SignInRoom } from '../../../people/sign-in.ts';
import type { Users } from '../../../people/users.ts';
import type { Mint, Minted } from '../../../tokens/mint.ts';
import type { Revoke } from '../../../tokens/revoke.ts';

import { parseToken } from '../../../tokens/token-string.ts';
import { FirstAdministrator, Me, Session, SetupState, SignIn } from '../../../wire/sessions.ts';
import { type Authenticate, addressOf, csrfTokenOf } from '../../authenticate.ts';
import type { ClientAddress } from '../../client-address.ts';
import { SESSION_COOKIE, setCookie } from '../../credential.ts';
import { presentToken, presentUser, timestampOrNull } from '../../present.ts';
import { openRoute, route } from '../../route.ts';
import { isFromForeignPage } from '../../same-site.ts';

export interface SessionRouteNeeds {
  readonly authenticate: Authenticate;
  readonly setup: Setup;
  readonly signIn: SignInRoom;
  readonly mint: Mint;
  readonly revoke: Revoke;
  readonly users: Users;

  readonly audit: AuditTrail;
  readonly clientAddress: ClientAddress;
  readonly clock: Clock;
  /** Whether cookies are sent over TLS only. */
  readonly secureCookies: boolean;
}

export function sessionRoutes(app: FastifyInstance, needs: SessionRouteNeeds): void {
  const { authenticate, setup, signIn, mint, revoke, users, audit, clientAddress, clock, secureCookies } =
    needs;
  const tag = 'Sign-in';

  function deliver(reply: FastifyReply, minted: Minted, delivery: 'token' | 'cookie') {
    const { username, expiresAt } = minted.record;
    const session = { username, expires_at: timestampOrNull(expiresAt) };
    const token = minted.token.reveal();
    if (delivery === 'token') return ok({ ...session, token });
    reply.header('set-cookie', setCookie(SESSION_COOKIE, token, { secure: secureCookies }));
    return ok({ ...session, csrf_token: csrfTokenOf(parseToken(token)?.secret ?? '') });
  }

  openRoute(app, {
    method: 'GET',
    path: '/api/v1/setup',
    tag,
    summary: 'Whether the first administrator is still to be made',
    response: SetupState,
    handle: async () => ok({ open: await setup.isOpen() }),
  });

  route(app, authenticate, {
    method: 'POST',
    path: '/api/v1/setup',
    tag,
    summary: 'Make the first administrator',
    description: 'With the bootstrap secret printed at the first start as bearer token. Signs in at once.',
    body: FirstAdministrator,
    response: Session,
    status: 201,
    allowBootstrap: true,
    faults: ['bootstrap_closed', 'forbidden'],
    async handle({ body, caller, reply }) {
      const made = await setup.firstAdministrator(caller.actor, {
        username: body.username,
        password: new Secret(body.password),
        ...(body.name === undefined ? {} : { userInfo: { name: body.name } }),
      });
      if (!made.ok) return made;
      const minted = await mint.sessionToken(made.value, caller.actor);
      return minted.ok ? deliver(reply, minted.value, body.delivery) : minted;
    },
  });

  openRoute(app, {
    method: 'POST',
    path: '/api/v1/sessions',
    tag,
    summary: 'Sign in with name and password',
    body: SignIn,
    response: Session,
    status: 201,
    faults: ['bad_credentials', 'throttled', 'forbidden', 'unavailable'],
    async handle({ body, request, reply }) {
      if (body.delivery === 'cookie' && isFromForeignPage(request.headers, app.publicHost)) {
        return err(fault('forbidden', 'A page of another site may not sign a browser in here.'));
      }
      const address = addressOf(request.raw, clientAddress);
      const person = await signIn.withPassword(body.username, new Secret(body.password), address);
      if (!person.ok) {
        const nobody = { username: '<anonymous>', tokenId: null, address };
        audit.refused(
          auditEntry(clock(), nobody, { action: 'session.refused', detail: { reason: person.error.code } }),
        );
        return person;
      }
      const minted = await mint.sessionToken(person.value, { address });
      return minted.ok ? deliver(reply, minted.value, body.delivery) : minted;
    },
  });

  route(app, authenticate, {
    method: 'DELETE',
    path: '/api/v1/sessions/current',
    tag,
    summary: 'Sign out',
    description:
      'Revokes the session token and everything made from it. Other kinds of token stay as they are.',
    faults: ['conflict'],
    async handle({ caller, reply }) {
      reply.header('set-cookie', setCookie(SESSION_COOKIE, '', { secure: secureCookies, maxAgeSeconds: 0 }));
      const { tokenId, tokenType } = caller.actor;
      if (tokenId === null || tokenType !== 'session') {
        return err(
          fault('conflict', 'The token you are using is not a session.', {
            fix: `To end it for good: tessera token revoke ${tokenId ?? 'ID'}`,
          }),
        );
      }
      const revoked = await revoke.byHolder(caller.actor, tokenId);
      return revoked.ok ? ok(undefined) : revoked;
    },
  });

  route(app, authenticate, {
    method: 'GET',
    path: '/api/v1/me',
    tag,
    summary: 'Who am I, and what may I do',
    response: Me,
    async handle({ caller }) {
      const { actor, verified, csrfToken } = caller;
      const user = verified === null ? null : await users.one(actor, actor.username);
      return ok({
        username: actor.username,
        kind: actor.kind,
        scopes: [...actor.scopes].sort(),
        roles: [...actor.roles],
        token: verified === null ? null : presentToken(verified.token.record, seconds(clock)),
        user: user?.ok ? presentUser(user.value) : null,
        csrf_token: csrfToken,
      });
    },
  });
}
