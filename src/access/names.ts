import { type Fault, fault, fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';

/**
 * The grammar of every name. A principal's name is the wider of the two that existing clients use
 * (`[A-Za-z0-9_.@-]`, ending in letters or digits); surfaces with a narrower grammar say so themselves.
 */
const PRINCIPAL = /^[a-zA-Z0-9](?:[a-zA-Z0-9_.@-]*[a-zA-Z0-9])?$/;
const BOT = /^bot-[a-z0-9](?:[a-z0-9]|-[a-z0-9])*$/;
const SCOPE = /^[a-zA-Z0-9:._-]+$/;
const ROLE = /^[a-zA-Z]([a-zA-Z0-9_-]*[a-zA-Z0-9])?$/;
const TOKEN_NAME_MAX = 64;

function checked(field: string, value: string, max: number, pattern: RegExp, rule: string): Result<string> {
  if (value.length === 0) return err(fieldFault('invalid_request', field, 'must not be empty'));
  if (value.length > max)
    return err(fieldFault('invalid_request', field, `must have at most ${max} characters`));
  if (!pattern.test(value)) return err(fieldFault('invalid_request', field, rule));
  return ok(value);
}

export const checkUsername = (value: string, field = 'username'): Result<string> =>
  checked(
    field,
    value,
    64,
    PRINCIPAL,
    'letters, digits and _ . @ - are allowed; it begins and ends with a letter or digit',
  );

export const checkBotName = (value: string, field = 'username'): Result<string> =>
  checked(
    field,
    value,
    64,
    BOT,
    'a bot is named bot- and then lower-case letters and digits, single dashes between them',
  );

export const checkScopeName = (value: string, field = 'scope'): Result<string> =>
  checked(field, value, 128, SCOPE, 'letters, digits and : . _ - are allowed');

export const checkRoleName = (value: string, field = 'role'): Result<string> =>
  checked(
    field,
    value,
    64,
    ROLE,
    'begins with a letter; letters, digits, _ and - follow; ends with a letter or digit',
  );

/** 1 to 64 characters, no control characters, no blanks at the ends. */
export const checkTokenName = (value: string, field = 'name'): Result<string> =>
  checked(
    field,
    value,
    TOKEN_NAME_MAX,
    /^[^\s\p{Cc}](?:[^\p{Cc}]*[^\s\p{Cc}])?$/u,
    'no control characters, no blanks at the ends',
  );

export const isBotName = (value: string): boolean => value.startsWith('bot-');

export const unknownUser = (username: string): Fault =>
  fault('unknown_user', `There is no user '${username}'.`, {
    fix: `See 'tessera user list', or create the user: tessera user create ${username}`,
  });
