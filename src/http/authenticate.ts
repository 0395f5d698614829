import type { IncomingMessage } from 'node:http';
import { type Actor, bootstrapActor } from '../access/principal.ts';
import { type Fault, fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { hmac, textEquals } from '../crypto/digest.ts';
import type { Setup } from '../people/setup.ts';
import type { LastUses } from '../tokens/last-use.ts';
import { parseToken } from '../tokens/token-string.ts';
import type { Verified, Verifier } from '../tokens/verify.ts';
import type { ClientAddress } from './client-address.ts';
import { findCredential } from './credential.ts';

/** What a request proved about who sends it. */
export interface Caller {
  readonly actor: Actor;
  /** Null for the bootstrap token, which is not a stored one. */
  readonly verified: Verified | null;
  /** The credential came as a cookie, so changes need the CSRF token. */
  readonly byCookie: boolean;
  /** For cookies: what `X-CSRF-Token` must say. */
  readonly csrfToken: string | null;
}

export interface AuthenticateOptions {
  /** The route is one of the few that the bootstrap token may call. */
  readonly allowBootstrap?: boolean;
  readonly cookieOnly?: boolean;
  /** A header in which old clients of a compatible surface send the bare token, lower case. */
  readonly bareTokenHeader?: string;
  /** Name of what is used, for the token's last use. */
  readonly usedOn: string;
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

export function createAuthenticate({ verifier, setup, clientAddress, lastUses }: Dependencies): Authenticate {
  return async (message, options) => {
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
          return ok({ actor: bootstrapActor(address), verified: null, byCookie: false, csrfToken: null });
        }
      }
      const fix = FIXES[verdict.code];
      return err(fault(verdict.code, `${verdict.message}.`, fix === undefined ? {} : { fix }));
    }
    const byCookie = credential.kind === 'cookie';
    const csrfToken = byCookie ? csrfTokenOf(parseToken(credential.token)?.secret ?? '') : null;
    if (csrfToken !== null && changes) {
      const sent = message.headers['x-csrf-token'];
      if (typeof sent !== 'string' || !textEquals(sent, csrfToken)) return err(INVALID_CSRF);
    }
    lastUses.note(verdict.token.record.id, address, options.usedOn);
    return ok({ actor: verifier.actor(verdict, address), verified: verdict, byCookie, csrfToken });
  };
}

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
  fix: "Send 'Authorization: Bearer TOKEN', or sign in.",
});
const INVALID_CSRF: Fault = fault('invalid_csrf', 'The header X-CSRF-Token is missing or wrong.', {
  fix: 'Read csrf_token from GET /api/v1/me and send it with every change.',
});
const FIXES: Partial<Record<Fault['code'], string>> = {
  token_expired: "Make a new one with 'tessera token create', or sign in again.",
  token_revoked: "Make a new one with 'tessera token create', or sign in again.",
  owner_disabled: 'Ask an administrator to enable the account.',
};
