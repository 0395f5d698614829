import { fieldFault } from '../../base/fault.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import type { Credential, CredentialInput, Injection, ReadCredential } from '../kind.ts';
import { find } from './find.ts';

/** 16 random bytes, URL-safe base64 without padding; one in 64 begins with a hyphen. */
const TOKEN = /^[A-Za-z0-9_-]{21}[AQgw]$/;
/** Unicode letters are fine in a login, a colon never is: Basic splits there. */
const LOGIN = /^[\p{L}\p{N}_\-@.\\$#+]{1,100}$/u;

/**
 * Reads `login:token` from one text, or login and token apart. A login in front of the token is taken off
 * where it is the same, and refused where it is another. Faults name `username` or `token`.
 */
export function readForemanCredential(input: CredentialInput): Result<ReadCredential> {
  const { method } = input;
  if (method !== undefined && method !== 'basic' && method !== 'token' && method !== 'password')
    return err(
      fieldFault(
        'invalid_request',
        'method',
        `"${method}" is not known to Foreman`,
        'use basic: Foreman answers a bearer token with an error 500',
      ),
    );
  const given = (input.user ?? '').trim();
  const text = (input.secret ?? '').trim();
  const colon = text.indexOf(':');
  const findings = [];
  let login = given;
  let secret = text;
  if (given === '') {
    if (colon <= 0)
      return err(
        fieldFault(
          'invalid_request',
          'username',
          'is missing',
          'give the login (--username, for a connection --user), or the token as login:token',
        ),
      );
    login = text.slice(0, colon);
    secret = text.slice(colon + 1);
  } else if (colon > 0 && TOKEN.test(text.slice(colon + 1))) {
    const inFront = text.slice(0, colon);
    if (inFront.toLowerCase() !== given.toLowerCase())
      return err(
        fieldFault(
          'invalid_request',
          'token',
          `carries another login than the one given (${given})`,
          'give one of the two',
        ),
      );
    secret = text.slice(colon + 1);
    findings.push(find('FOREMAN_LOGIN_TWICE', 'P0', `login ${given}`, { login: given }));
  } else if (colon > 0 && text.slice(0, colon).toLowerCase() === given.toLowerCase()) {
    secret = text.slice(colon + 1);
    findings.push(find('FOREMAN_LOGIN_TWICE', 'P0', `login ${given}`, { login: given }));
  }
  if (secret === '')
    return err(fieldFault('invalid_request', 'token', 'is empty', 'give the token or password'));
  if (/[\u0000-\u001f\u007f]/.test(secret))
    return err(fieldFault('invalid_request', 'token', 'contains a line break or a control character'));
  if (!LOGIN.test(login))
    return err(fieldFault('invalid_request', 'username', 'is not a login Foreman could have'));
  if (!TOKEN.test(secret) && method !== 'password')
    findings.push(
      find('FOREMAN_SECRET_SHAPE', 'P0', `${secret.length} characters`, { length: secret.length }),
    );
  return ok({ credential: { method: 'basic', identity: login, secret: new Secret(secret) }, findings });
}

/**
 * Headers of a caller that must not arrive: another login, sessions that outlive a revocation, and names that
 * Foreman's delegation and OAuth mapping would believe.
 */
const STRIP = [
  ...['authorization', 'cookie', 'x-csrf-token', 'forwarded', 'x-forwarded-for', 'x-forwarded-host'],
  ...['x-forwarded-proto', 'remote-user', 'remote_user', 'foreman-user', 'foreman_user', 'oidc_claim_sub'],
];

/** Basic, always: Foreman answers bearer tokens with an error 500. */
export function foremanInjection(credential: Credential): Injection {
  const pair = `${credential.identity}:${credential.secret.reveal()}`;
  return {
    set: { Authorization: new Secret(`Basic ${Buffer.from(pair, 'utf8').toString('base64')}`) },
    strip: STRIP,
  };
}
