import { TRANSPORT_FAULTS } from '../transport-faults.ts';

const ROWS = {
  REDIRECTED: 'every call is sent to the login page',
  HTML_BODY: 'a page answers instead of the API',
  TOKEN_REFUSED: 'every password and token is refused, while ping answers',
  LOCKED_OUT: 'this address had too many failures',
  AUTH_STRIPPED: 'credentials get lost on the way',
  SESSION_STALE: 'every session cookie is past its limit',
  LDAP_DOWN: 'the directory cannot be reached',
  PERMISSION_MISSING: 'nobody may see hosts, facts or compute resources',
  EMPTY_SCOPE: 'every list is empty',
  OLD_RELEASE: 'there is no current_user, as before 1.24',
  MIGRATION_PENDING: 'the database waits for a migration: 503',
} as const;

export type ForemanFault = keyof typeof ROWS | keyof typeof TRANSPORT_FAULTS;

/** Every fault this double can show, with what it does. */
export const foremanFaults: ReadonlyMap<string, string> = new Map([
  ...Object.entries(TRANSPORT_FAULTS),
  ...Object.entries(ROWS),
]);

/** What only a visitor can do wrong: a token sent as Bearer breaks any Foreman of this release. */
export const foremanClientSideOnly: readonly string[] = ['BEARER_SENT'];

export const isForemanFault = (code: string): code is ForemanFault => foremanFaults.has(code);
