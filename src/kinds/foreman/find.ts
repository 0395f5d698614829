import { findingsFrom, row } from '../finding.ts';

const ROLE = 'Tessera inventory';

/** What Foreman 1.24 answers and hides, by codes of our own. */
const ROWS = {
  FOREMAN_REDIRECT: row('product', 'blocking', (a: { status: number; to: string }) => [
    `Foreman answers with a redirect (status ${a.status}${a.to === '' ? '' : ` to ${a.to}`}): the base URL is not the one it is reached by, or a login page stands in front.`,
    a.to === '' ? 'Correct the base URL.' : `Register the URL it points to, if that is Foreman: ${a.to}`,
  ]),
  FOREMAN_NOT_FOREMAN: row('product', 'blocking', (a: { url: string; status: number }) => [
    `What answers at ${a.url} is not Foreman (status ${a.status}).`,
    'Check host and path prefix of the base URL, and whether a sign-on page stands in front of it.',
  ]),
  FOREMAN_MAINTENANCE: row('product', 'blocking', (_: object) => [
    'Foreman is not ready: a migration of its database is pending or running.',
    'On the host: foreman-rake db:migrate; systemctl restart foreman',
  ]),
  FOREMAN_LOGIN_REFUSED: row('authentication', 'blocking', (a: { login: string }) => [
    `Foreman refuses the login ${a.login}: the token is wrong, revoked or has ended, or the login is another; it does not say which.`,
    `As an administrator: hammer user access-token list --user ${a.login}; then make a new token: tessera foreman token create`,
  ]),
  FOREMAN_LOCKOUT: row('authentication', 'blocking', (_: object) => [
    'Foreman has locked this address out after too many refused logins, right credentials included.',
    'Wait 5 minutes without a single attempt; put the wrong credential right first. An operator may clear failed_login_* in the cache of Foreman.',
  ]),
  FOREMAN_TESTS_CAPPED: row('authentication', 'blocking', (a: { waitSeconds: number }) => [
    `Not tried: so many logins were refused that another one risks a lock-out of this address. Free again in ${a.waitSeconds} s.`,
    'Correct the credential before testing again.',
  ]),
  FOREMAN_AUTH_STRIPPED: row('authentication', 'blocking', (a: { passOn: string }) => [
    'The credential got lost on the way: Foreman names no login in its refusal.',
    a.passOn,
  ]),
  FOREMAN_STALE_COOKIE: row('authentication', 'blocking', (_: object) => [
    'Foreman refuses a session that has ended: something in between adds a cookie.',
    'Remove cookies on the way; Tessera sends none.',
  ]),
  FOREMAN_BEARER: row('authentication', 'blocking', (_: object) => [
    'The token arrived as a bearer token, which this release takes for a broken JWT.',
    'Send it as Basic, with the login in front: something on the way rewrites the Authorization header.',
  ]),
  FOREMAN_DIRECTORY: row('authentication', 'blocking', (a: { login: string }) => [
    `The directory behind the login ${a.login} does not answer, and Foreman asks it on every call.`,
    'Put the directory right, or use an account of the internal source.',
  ]),
  FOREMAN_DISABLED: row('authentication', 'blocking', (a: { login: string }) => [
    `The account ${a.login} is disabled.`,
    `As an administrator: hammer user update --login ${a.login} --disabled no`,
  ]),
  FOREMAN_PERMISSION: row(
    'rights',
    'blocking',
    (a: { login: string; missing: readonly string[]; what: string }) => [
      `The login works, but may not ${a.what}: ${a.missing.join(' or ') || 'a permission'} is missing.`,
      grantLines(a.login, a.missing).join('\n'),
    ],
  ),
  FOREMAN_NOTHING_VISIBLE: row('objects', 'warning', (a: { login: string }) => [
    `${a.login} sees no host at all: it belongs to no organisation or location with hosts, or its role is filtered.`,
    `hammer user info --login ${a.login}; hammer user update --login ${a.login} --organizations NAME --locations NAME`,
  ]),
  FOREMAN_ODD: row('product', 'blocking', (a: { status: number; said: string }) => [
    `Foreman answered with status ${a.status}${a.said === '' ? '' : `: ${a.said}`}.`,
    'On the host: /var/log/foreman/production.log',
  ]),
  FOREMAN_SECRET_SHAPE: row('format', 'warning', (a: { length: number }) => [
    `The secret (${a.length} characters) is not of the form of a personal access token; a password, perhaps.`,
    'Prefer a personal access token: tessera foreman token create',
  ]),
  FOREMAN_LOGIN_TWICE: row('format', 'warning', (a: { login: string }) => [
    `The login ${a.login} stood in front of the token as well; it was taken off.`,
    'Give the login once, either in the token or apart.',
  ]),
  FOREMAN_USER_UNKNOWN: row('format', 'blocking', (a: { login: string }) => [
    `There is no user ${a.login}, or it may not be seen.`,
    'hammer user list',
  ]),
  FOREMAN_NAME_TAKEN: row('format', 'blocking', (a: { name: string; said: string }) => [
    `A token ${a.name} cannot be made: ${a.said}.`,
    'Choose a name that was never used: Foreman keeps the names of revoked and ended tokens.',
  ]),
  FOREMAN_EXPIRY_PAST: row('format', 'blocking', (a: { date: string }) => [
    `The end ${a.date} has passed: Foreman would accept it and the token would be dead.`,
    'Give a date in the future, or none.',
  ]),
  FOREMAN_EXPIRY_LOST: row('product', 'blocking', (a: { wanted: string; got: string }) => [
    `Foreman stored the end as ${a.got}, not ${a.wanted}. The token was revoked again.`,
    'Check the time zone of the user that makes the token: it should have none.',
  ]),
  FOREMAN_CREATE_DENIED: row('rights', 'blocking', (a: { login: string }) => [
    `${a.login} may not make tokens (create_personal_access_tokens).`,
    'Use an administrator once: tessera foreman token create --user NAME',
  ]),
  FOREMAN_REVOKE_NEEDS_ADMIN: row('rights', 'blocking', (a: { login: string; id: string }) => [
    `${a.login} cannot revoke the token ${a.id}: in this release only administrators can.`,
    `As an administrator: hammer user access-token revoke --user-id ID --id ${a.id}`,
  ]),
  FOREMAN_TOKEN_UNKNOWN: row('format', 'blocking', (a: { login: string }) => [
    `Which token of ${a.login} this is, is not known: Foreman does not tell a token by its secret.`,
    `hammer user access-token list --user ${a.login}; then revoke it by its number`,
  ]),
  TASK_UNKNOWN: row('format', 'blocking', (a: { task: string; tasks: readonly string[] }) => [
    `There is no recipe for "${a.task}".`,
    `Choose one of: ${a.tasks.join(', ')}`,
  ]),
};

export const find = findingsFrom(ROWS);

/** Commands that give a login a role of its own with these permissions. */
export function grantLines(login: string, permissions: readonly string[]): string[] {
  return [
    `hammer role create --name "${ROLE}"`,
    ...permissions.map((permission) => `hammer filter create --role "${ROLE}" --permissions ${permission}`),
    `hammer user add-role --login ${login} --role "${ROLE}"`,
  ];
}
