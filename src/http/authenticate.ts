import type { IncomingMessage } from 'node:http';
import { type Actor, bootstrapActor } from '../access/principal.ts';
import { auditEntry } from '../audit/entry.ts';
import type { AuditTrail } from '../audit/trail.ts';
import type { Clock } from '../base/clock.ts';
import { type Fault, fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { hmac, textEquals } from '../crypto/digest.ts';
import type { Setup } from '../people/setup.ts';
import type { TokenFacts } from '../tokens/facts.ts';
import type { LastUses } from '../tokens/last-use.ts';
import { parseToken } from '../tokens/token-string.ts';
import type { Verified, Verifier } from '../tokens/verify.ts';
import type { ClientAddress } from './client-address.ts';
import { findCredential } from './credential.ts';
import { statusOf } from './problem.ts';

/** What a request proved about who sends it. */
export interface Caller {
  readonly actor: Actor;
  /** Null for the bootstrap token, which is not a stored one. */
  readonly verified: Verified | null;
  /** The credential came as a cookie, so changes need the CSRF token. */
  readonly byCookie: boolean;
  /** For cookies: what `X-CSRF-Token` must say. */
  readonly csrfToken: string | null;
  /** For the audit trail: that what was asked for, by this proven caller, is not theirs to do. */
  noteRefusal(refusal: Pick<Fault, 'code' | 'requiredScopes'>): void;
}

export interface AuthenticateOptions {
  /** The route is one of the few that the bootstrap token may call. */
  readonly allowBootstrap?: boolean;
  readonly cookieOnly?: boolean;
  /** A header in which old clients of a compatible surface send the bare token, lower case. */
  readonly bareTokenHeader?: string;
  /** Name of what is used, for the token's last use. */
  readonly usedOn: string;
  /** Pattern of the route, for the audit trail: an address as it came may hold whatever somebody typed. */
  readonly pattern?: string;
}

export type Authenticate = (
  message: IncomingMessage,
  options: AuthenticateOptions,
) => Promise<Result<Caller>>;

interface Dependencies {
  readonly verifier: Verifier;
  readonly setup: Setup;
  readonly clientAddress: ClientAddress;
  readonly lastUses: LastUses;
  readonly audit: Pick<AuditTrail, 'refused'>;
  readonly clock: Clock;
}

const CHANGES = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** A value only a page of ours can send: derived from the session's secret, which no script can read. */
export const csrfTokenOf = (sessionSecret: string): string => hmac(sessionSecret, 'csrf');

export function addressOf(message: IncomingMessage, clientAddress: ClientAddress): string | null {
  const forwarded = message.headers['x-forwarded-for'];
  return clientAddress(
    message.socket.remoteAddress,
    Array.isArray(forwarded) ? forwarded.join(',') : forwarded,
  );
}

export function createAuthenticate(needs: Dependencies): Authenticate {
  const { verifier, setup, clientAddress, lastUses, audit, clock } = needs;

  return async (message, options) => {
    const refusing =
      (who: Pick<Actor, 'username' | 'tokenId' | 'address'>): Caller['noteRefusal'] =>
      ({ code, requiredScopes }) =>
        audit.refused(
          auditEntry(clock(), who, {
            action: 'request.refused',
            route: options.usedOn,
            method: message.method ?? null,
            path: options.pattern ?? null,
            status: statusOf(code),
            detail: { reason: code, ...(requiredScopes === undefined ? {} : { scopes: requiredScopes }) },
          }),
        );

    const { authorizations, cookies } = credentialHeaders(message);
    const bare = options.bareTokenHeader === undefined ? undefined : message.headers[options.bareTokenHeader];
    if (typeof bare === 'string' && authorizations.length === 0) authorizations.push(`Bearer ${bare}`);
    const credential = findCredential(options.cookieOnly ? [] : authorizations, cookies);
    if (credential.kind === 'none') return err(NO_CREDENTIAL);
    if (credential.kind === 'malformed') return err(fault('malformed_authorization', credential.message));

    const address = addressOf(message, clientAddress);
    const changes = CHANGES.has(message.method ?? '');
    const verdict = await (changes ? verifier.checkAnew(credential.token) : verifier.check(credential.token));
    if (!verdict.ok) {
      if (options.allowBootstrap && verdict.code === 'invalid_token') {
        const parts = parseToken(credential.token);
        if (parts !== null && (await setup.accepts(parts))) {
          const actor = bootstrapActor(address);
          return ok({
            actor,
            verified: null,
            byCookie: false,
            csrfToken: null,
            noteRefusal: refusing(actor),
          });
        }
      }
      if (verdict.token !== null) refusing(holderOf(verdict.token, address))(verdict);
      const fix = FIXES[verdict.code];
      return err(fault(verdict.code, `${verdict.message}.`, fix === undefined ? {} : { fix }));
    }
    const noteRefusal = refusing(holderOf(verdict.token, address));
    const byCookie = credential.kind === 'cookie';
    const csrfToken = byCookie ? csrfTokenOf(parseToken(credential.token)?.secret ?? '') : null;
    if (csrfToken !== null && changes) {
      const sent = message.headers['x-csrf-token'];
      if (typeof sent !== 'string' || !textEquals(sent, csrfToken)) {
        noteRefusal(INVALID_CSRF);
        return err(INVALID_CSRF);
      }
    }
    lastUses.note(verdict.token.record.id, address, options.usedOn);
    return ok({
      actor: verifier.actor(verdict, address),
      verified: verdict,
      byCookie,
      csrfToken,
      noteRefusal,
    });
  };
}

const holderOf = ({ record }: TokenFacts, address: string | null) => ({
  username: record.username,
  tokenId: record.id,
  address,
});

export function credentialHeaders(message: IncomingMessage): { authorizations: string[]; cookies: string[] } {
  const authorizations: string[] = [];
  const cookies: string[] = [];
  const raw = message.rawHeaders;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]?.toLowerCase();
    if (name === 'authorization') authorizations.push(raw[at + 1] ?? '');
    else if (name === 'cookie') cookies.push(raw[at + 1] ?? '');
  }
  return { authorizations, cookies };
}

const NO_CREDENTIAL: Fault = fault('no_credential', 'This needs a token.', {
  fix: "Send 'Authorization: Bearer TOKEN'. Make one with 'tessera token create NAME', or sign in and make it on the page Security tokens.",
});
const INVALID_CSRF: Fault = fault('invalid_csrf', 'The header X-CSRF-Token is missing or wrong.', {
  fix: 'Read csrf_token from GET /api/v1/me and send it with every change.',
});
const FIXES: Partial<Record<Fault['code'], string>> = {
  token_expired: "Make a new one with 'tessera token create', or sign in again.",
  token_revoked: "Make a new one with 'tessera token create', or sign in again.",
  owner_disabled: 'Ask an administrator to enable the account.',
};
