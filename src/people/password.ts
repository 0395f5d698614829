import { fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';

const SHORTEST = 10;
// Hashing takes time in proportion to nothing but its parameters, yet a body of megabytes is no password.
const LONGEST = 256;

/** Length is what counts (NIST SP 800-63B section 3.1.1.2); no rules about kinds of characters. */
export function checkPassword(password: Secret, username: string): Result<void> {
  const text = password.reveal();
  const refuse = (message: string) => err(fieldFault('invalid_request', 'password', message));
  if (text.length < SHORTEST) return refuse(`must have at least ${SHORTEST} characters`);
  if (text.length > LONGEST) return refuse(`must have at most ${LONGEST} characters`);
  if (text.toLowerCase().includes(username.toLowerCase()) && username.length >= 4) {
    return refuse('must not contain the user name');
  }
  if (new Set(text).size < 5) return refuse('must have at least 5 different characters');
  return ok(undefined);
}
