import { fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';

const MAX_LENGTH = 80;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * The name of a connection, trimmed and in one spelling of its accents: 1 to 80 characters, none of them a
 * control character, and nothing that reads like an id, since either may stand in an address.
 */
export function checkConnectionName(text: string): Result<string> {
  const name = text.normalize('NFC').trim();
  const refuse = (message: string, fix?: string): Result<string> =>
    err(fieldFault('invalid_request', 'name', message, fix));
  if (name === '') return refuse('is empty', 'give the connection a name, such as pve-lab');
  if ([...name].length > MAX_LENGTH) return refuse(`is longer than ${MAX_LENGTH} characters`);
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(name)) return refuse('contains a control character');
  if (UUID.test(name)) return refuse('reads like an id', 'choose another name');
  return ok(name);
}
