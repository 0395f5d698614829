import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import type { z } from 'zod';
import { auditEntry } from '../../audit/entry.ts';
import type { AuditTrail } from '../../audit/trail.ts';
import { type Clock, seconds } from '../../base/clock.ts';
import { type Fault, fault } from '../../base/fault.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import { addressOf } from '../../http/authenticate.ts';
import type { ClientAddress } from '../../http/client-address.ts';
import { loggedFaultOf } from '../../http/framework-fault.ts';
import type { SignIn } from '../../people/sign-in.ts';
import type { Mint } from '../../tokens/mint.ts';

import { parseToken } from '../../tokens/token-string.ts';
import type { Verified, Verifier } from '../../tokens/verify.ts';
import { answer, errorOf, osmoStatus } from './answer.ts';
import { TAG } from './call.ts';
import type { LoginJwts } from './login-jwt.ts';
import { GrantAnswer, GrantForm, GrantRefusal } from './shapes.ts';

export const PASSWORD_PATH = '/api/auth/token';

export interface PasswordCallNeeds {
  readonly signIn: SignIn;
  readonly mint: Mint;

  readonly verifier: Verifier;
  readonly loginJwts: LoginJwts;
  readonly audit: AuditTrail;
  readonly clientAddress: ClientAddress;
  readonly clock: Clock;
}

/**
 * `osmo login --method=password`: the grants `password` and `refresh_token` of RFC 6749 sections 4.3 and 6. What
 * it hands out for refreshing is a session token of ours, which ends like any other session.
 */
export function passwordCall(app: FastifyInstance, needs: PasswordCallNeeds): void {
  const { signIn, mint, verifier, loginJwts, audit, clientAddress, clock } = needs;

  async function bySession(text: string): Promise<Result<Verified>> {
    const verdict = parseToken(text) === null ? null : await verifier.check(text);
    if (verdict?.ok) return ok(verdict);
    if (verdict?.code === 'unavailable') return err(fault('unavailable', `${verdict.message}.`));
    return err(fault('bad_credentials', 'The login has ended. Log in again.'));
  }

  async function byPassword(username: string, password: Secret, address: string | null) {
    const person = await signIn.withPassword(username, password, address);
    if (!person.ok) {
      const nobody = { username: '<anonymous>', tokenId: null, address };
      audit.refused(
        auditEntry(clock(), nobody, { action: 'session.refused', detail: { reason: person.error.code } }),
      );
      return person;
    }
    const minted = await mint.sessionToken(person.value, { address });
    return minted.ok ? ok(minted.value.token) : minted;
  }

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const failure = loggedFaultOf(error, request);
    return refuse(reply, failure.code === 'internal' ? 'server_error' : 'invalid_request', failure);
  });
  app.post(
    PASSWORD_PATH,
    {
      schema: {
        tags: [TAG],
        summary: 'Log in with name and password, or go on with such a login (RFC 6749 sections 4.3 and 6)',
        consumes: ['application/x-www-form-urlencoded'],
        body: GrantForm,
        response: { 200: GrantAnswer, 400: GrantRefusal, 401: GrantRefusal, default: GrantRefusal },
      },
    },
    async (request, reply) => {
      const form = request.body as z.output<typeof GrantForm>;
      let session: Result<Secret>;
      if (form.grant_type === 'password') {
        const { username = '', password = '' } = form;
        session = await byPassword(username, new Secret(password), addressOf(request.raw, clientAddress));
      } else if (form.grant_type === 'refresh_token') {
        session = ok(new Secret(form.refresh_token ?? ''));
      } else {
        const message = 'grant_type must be password or refresh_token';
        return refuse(reply, 'unsupported_grant_type', fault('invalid_request', message), 400);
      }
      if (!session.ok) return refuse(reply, 'invalid_grant', session.error);
      const verified = await bySession(session.value.reveal());
      if (!verified.ok) return refuse(reply, 'invalid_grant', verified.error);
      const issued = await loginJwts.issue(verified.value, addressOf(request.raw, clientAddress));
      if (!issued.ok) return refuse(reply, 'temporarily_unavailable', issued.error);
      return answer(reply, {
        id_token: issued.value.jwt.reveal(),
        refresh_token: session.value.reveal(),
        token_type: 'Bearer',
        expires_in: issued.value.expiresAt - seconds(clock),
      });
    },
  );
}

/** Both forms of errors in one: the standard's for OAuth clients, and the protocol's own. */
function refuse(reply: FastifyReply, error: string, cause: Fault, status = osmoStatus(cause.code)) {
  if (cause.retryAfterSeconds !== undefined) reply.header('retry-after', String(cause.retryAfterSeconds));
  // The standard wants 400 for a wrong password (RFC 6749 section 5.2).
  return reply
    .code(cause.code === 'bad_credentials' ? 400 : status)
    .header('cache-control', 'no-store')
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify({ error, error_description: cause.message, ...errorOf(cause) }));
}
