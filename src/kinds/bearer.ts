import { fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { Secret } from '../base/secret.ts';
import type { CredentialInput, Injection, ReadCredential } from './kind.ts';

/** Headers of a caller that must not travel beside an injected credential. */
export const STRIP_ALWAYS = [
  'authorization',
  'cookie',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
];

export const bearerInjection = (secret: Secret, strip: readonly string[] = STRIP_ALWAYS): Injection => ({
  set: { Authorization: new Secret(`Bearer ${secret.reveal()}`) },
  strip,
});

/**
 * Reads an opaque token, with or without `Bearer` or a header's name in front. Refused (`invalid_request`):
 * nothing, and anything that would break out of its header.
 */
export function readOpaqueToken(input: CredentialInput, method: 'bearer' | 'token'): Result<ReadCredential> {
  const value = (input.secret ?? '')
    .replace(/[\u200b-\u200f\u2060\ufeff]/g, '')
    .trim()
    .replace(/^authorization:\s*/i, '')
    .replace(/^bearer\s+/i, '')
    .replace(/^(["'])(.*)\1$/, '$2');
  const fault = headerFault(value);
  if (fault !== undefined)
    return err(fieldFault('invalid_request', 'secret', fault, 'paste the token alone'));
  return ok({ credential: { method, identity: input.user ?? '', secret: new Secret(value) }, findings: [] });
}

/** What keeps a text from being a header's value (RFC 9110 section 5.5), or `undefined`. */
export function headerFault(value: string): string | undefined {
  if (value === '') return 'is empty';
  if (/[\u0000-\u001f\u007f]/.test(value)) return 'contains a line break or a control character';
  if (/[^\u0020-\u007e]/.test(value)) return 'contains characters that no header can carry';
  return undefined;
}
