import { row } from '../finding.ts';

/** `user@realm` and token name, for commands. The name is empty where a password is used. */
export interface Who {
  readonly user: string;
  readonly token: string;
}

/** Role of the recipe in the commands. */
const ROLE = 'TesseraVM';

/** Passwords of the realm pam are those of the host, which `pveum` does not change. */
const newPassword = (user: string): string =>
  user.endsWith('@pam') ? `on the host: passwd ${user.slice(0, -'@pam'.length)}` : `pveum passwd ${user}`;

/** Rows 1, 2 and 28 to 54 of the diagnosis table: from what was typed to what the credential may do. */
export const ACCESS_ROWS = {
  HOST_SHAPE: row('format', 'warning', (a: { host: string; port: number; field: string }) => [
    `The host contains more than a name; using ${a.host}, port ${a.port}.`,
    `${a.field}=${a.host}`,
  ]),
  PLACEHOLDER: row('format', 'blocking', (a: { key: string }) => [
    `The sample value is still in place for ${a.key}.`,
    `Put the real value of ${a.key} in its place.`,
  ]),
  ENV_PARSE: row('format', 'warning', (a: { key: string; read: string; line: number; earlier?: number }) => [
    a.earlier === undefined
      ? `${a.key} was read as ${a.read}: something in line ${a.line} was cut or expanded.`
      : `${a.key} stands twice; line ${a.line} counts (${a.read}).`,
    a.earlier === undefined
      ? `Put the value in line ${a.line} between single quotes.`
      : `Remove the earlier line ${a.earlier}.`,
  ]),
  TOKEN_ID_SHAPE: row('format', 'blocking', (a: { what: string }) => [
    `The token id is not of the form user@realm!name: ${a.what}.`,
    'The token name is only the part after the exclamation mark; the user always carries its realm, as in root@pam.',
  ]),
  SECRET_SHAPE: row('format', 'blocking', (a: { length: number; what: string }) => [
    `The secret has ${a.length} characters, expected 36${a.what === '' ? '' : `; ${a.what}`}.`,
    'Copy the ENTIRE secret again, without quotes or blanks; if it is lost, it must be regenerated.',
  ]),
  NAME_BAD: row('format', 'blocking', (a: { name: string; suggestion: string }) => [
    `"${a.name}" is no name for a guest: names take letters, digits and hyphens.`,
    `For example: ${a.suggestion}`,
  ]),
  FALLBACK_MYTH: row('authentication', 'warning', (a: Who) => [
    `The token ${a.token} is refused; the password beside it is never tried, because the token id is set.`,
    'Put the token right, or empty the token id on purpose.',
  ]),
  METHOD_SURPRISE: row('format', 'warning', (a: { field: string }) => [
    'The password is in use because the token id is empty, although a token secret is set.',
    `Set ${a.field}, or remove the secret.`,
  ]),
  PROXY_BAD: row('product', 'blocking', (a: { status: number; host: string }) => [
    `Something in between answered, not Proxmox VE (status ${a.status}).`,
    `Use the address of the node itself instead of ${a.host}, or put the upstream of the proxy right.`,
  ]),
  PRODUCT_WRONG: row('product', 'blocking', (a: { host: string }) => [
    `${a.host} is not Proxmox VE.`,
    'Use the host of Proxmox VE (Proxmox Backup Server listens on 8007 and writes its tokens with a colon).',
  ]),
  PATH_DOUBLED: row('product', 'blocking', (a: { host: string; path: string }) => [
    `The path of the API is given twice (${a.path}).`,
    `Give the host only: https://${a.host}`,
  ]),
  ANSWER_ODD: row('product', 'blocking', (a: { status: number; reason: string }) => [
    `Proxmox VE answered with status ${a.status}${a.reason === '' ? '' : ` (${a.reason})`}, and Tessera knows no cause for that.`,
    'On the host: journalctl -u pveproxy -u pvedaemon --since -10min',
  ]),
  AUTH_STRIPPED: row('authentication', 'blocking', (a: { passOn: string }) => [
    'The credential got lost on the way: the server says that it saw none.',
    a.passOn,
  ]),
  WRONG_REALM: row('authentication', 'blocking', (a: { realm: string; realms: readonly string[] }) => [
    `The realm ${a.realm} does not exist here; there is ${a.realms.join(', ')}.`,
    `Write the user with one of: ${a.realms.map((realm) => `@${realm}`).join(', ')}`,
  ]),
  USER_UNKNOWN: row('authentication', 'blocking', (a: Who) => [
    `There is no user ${a.user} on this server.`,
    'pveum user list',
  ]),
  TOKEN_UNKNOWN: row('authentication', 'blocking', (a: Who & { others: readonly string[] }) => [
    `${a.user} has no token ${a.token}${a.others.length === 0 ? '' : `; it has ${a.others.join(', ')}`}.`,
    `pveum user token list ${a.user}`,
  ]),
  SECRET_WRONG: row('authentication', 'blocking', (a: Who) => [
    `The token ${a.token} exists, but the secret does not match.`,
    `From 9.2: pveum user token modify ${a.user} ${a.token} --regenerate 1. Older: pveum user token remove ${a.user} ${a.token}; pveum user token add ${a.user} ${a.token} --privsep 1; then grant again: pveum acl modify / --tokens '${a.user}!${a.token}' --roles ${ROLE}`,
  ]),
  USER_DISABLED: row('authentication', 'blocking', (a: Who) => [
    `The account ${a.user} is switched off (a token itself cannot be).`,
    `pveum user modify ${a.user} --enable 1`,
  ]),
  USER_EXPIRED: row('authentication', 'blocking', (a: Who) => [
    `The account ${a.user} has ended.`,
    `pveum user modify ${a.user} --expire 0`,
  ]),
  TOKEN_EXPIRED: row('authentication', 'blocking', (a: Who & { date: string }) => [
    `The token ${a.token} ended${a.date === '' ? '' : ` on ${a.date}`}.`,
    `pveum user token modify ${a.user} ${a.token} --expire 0, or give it a new date`,
  ]),
  AUTH_OPAQUE: row('authentication', 'blocking', (a: Who) => [
    `The server refuses ${a.token === '' ? a.user : `${a.user}!${a.token}`} and hides why: unknown user or token, wrong secret, expired, or switched off.`,
    "On the host: journalctl -u pveproxy -u pvedaemon --since -10min | grep 'authentication failure'; or test again with the user's password at hand.",
  ]),
  PASSWORD_BAD: row('authentication', 'blocking', (a: Who) => [
    `Name or password of ${a.user} is refused (or the user is off or has ended).`,
    `Log in to the web page with the same realm; ${newPassword(a.user)}`,
  ]),
  TFA_NEEDED: row('authentication', 'blocking', (a: Who) => [
    `${a.user} has a second factor; a login without a person needs a token.`,
    `Make a token: pveum user token add ${a.user} tessera --privsep 1; if the factor is locked: pveum user tfa unlock ${a.user}`,
  ]),
  TICKET_REFUSED: row('authentication', 'blocking', (a: Who) => [
    `The session of ${a.user} is refused: older than two hours, or the clocks of the nodes differ.`,
    'Test again; if it stays, on each node: timedatectl',
  ]),
  PRIVSEP_EMPTY: row('rights', 'blocking', (a: Who) => [
    a.token === ''
      ? `${a.user} may log in but has no rights at all.`
      : `The token works but has no rights at all: it is separated from its user and was granted nothing.`,
    a.token === ''
      ? `pveum acl modify / --users ${a.user} --roles ${ROLE}`
      : `pveum acl modify / --tokens '${a.user}!${a.token}' --roles ${ROLE} # or Datacenter, Permissions, Add, API Token Permission; or: pveum user token modify ${a.user} ${a.token} --privsep 0`,
  ]),
  PRIVSEP_USER: row('rights', 'blocking', (a: Who & { privileges: readonly string[] }) => [
    `The owner ${a.user} lacks ${a.privileges.length === 0 ? 'these rights' : a.privileges.join(', ')}, so the token cannot have them.`,
    `pveum acl modify / --users ${a.user} --roles ${ROLE}`,
  ]),
  PRIV_MISSING: row('rights', 'blocking', (a: { gaps: readonly string[]; fix: readonly string[] }) => [
    `Rights are missing: ${a.gaps.join('; ')}.`,
    a.fix.join('\n'),
  ]),
  ROLE_VMADMIN: row('rights', 'blocking', (a: { gaps: readonly string[]; fix: readonly string[] }) => [
    `PVEVMAdmin covers guests, but neither disks nor bridges: ${a.gaps.join('; ')}.`,
    a.fix.join('\n'),
  ]),
  ACL_NO_PROPAGATE: row('rights', 'blocking', (a: Who & { path: string; privileges: readonly string[] }) => [
    `The grant on ${a.path} stops at its own path (${a.privileges.join(', ')} do not reach below).`,
    a.token === ''
      ? `pveum acl modify ${a.path} --users ${a.user} --roles ${ROLE} --propagate 1`
      : `pveum acl modify ${a.path} --tokens '${a.user}!${a.token}' --roles ${ROLE} --propagate 1`,
  ]),
  PRIV_OBSOLETE: row(
    'rights',
    'blocking',
    (a: { old: readonly string[]; release: string; instead: string }) => [
      `Release ${a.release} does not know ${a.old.join(', ')}; naming it makes the whole role fail.`,
      `Repeat the role command with ${a.instead} instead.`,
    ],
  ),
  ROOT_ONLY: row('rights', 'blocking', (a: { what: string }) => [
    `Proxmox VE allows this to the login of root@pam only, never to a token (${a.what}).`,
    'Drop the option, or set it once in the template.',
  ]),
  TOKEN_NO_ROUTE: row('rights', 'blocking', (a: { what: string }) => [
    `This call is closed to tokens (${a.what}).`,
    'Use a connection with a password for it.',
  ]),
  TOKEN_EXISTS: row('format', 'blocking', (a: Who) => [
    `${a.user} has a token ${a.token} already.`,
    `Choose another name, or: pveum user token remove ${a.user} ${a.token}`,
  ]),
  EXPIRY_PAST: row('format', 'blocking', (a: { date: string }) => [
    `The end ${a.date} has passed: the token would be dead from the start.`,
    'Give a date in the future, or none.',
  ]),
  TASK_UNKNOWN: row('format', 'blocking', (a: { task: string; tasks: readonly string[] }) => [
    `There is no recipe for "${a.task}".`,
    `Choose one of: ${a.tasks.join(', ')}`,
  ]),
  NO_ROTATION: row('format', 'blocking', (a: Who) => [
    `A password of ${a.user} cannot be rotated from here.`,
    'Make a token instead: tessera proxmox token create',
  ]),
  RIGHTS_NOT_REACHED: row('rights', 'blocking', (a: { gaps: readonly string[] }) => [
    `The new token does not reach what its task needs: ${a.gaps.join('; ')}. It was removed again.`,
    'Look for NoAccess or other entries of the same user at deeper paths: pveum acl list',
  ]),
};
