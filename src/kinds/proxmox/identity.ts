/**
 * Names of Proxmox VE, as its access control reads them. Realm and token name are taken from the right,
 * because a user's name may itself hold `@` and `!`.
 */
const REALM = /^[A-Za-z][A-Za-z0-9.\-_]+$/;
const TOKEN = /^[A-Za-z][A-Za-z0-9.\-_]+$/;
const NAME = /^[^\s:/]+$/;

export interface TokenId {
  /** `name@realm` */
  readonly user: string;
  readonly realm: string;
  /** Empty for a user. */
  readonly token: string;
}

/** Reads `name@realm!token`; the token part may be missing. Answers what is wrong with it as text. */
export function readTokenId(text: string): TokenId | { readonly fault: string } {
  const at = text.lastIndexOf('@');
  if (at <= 0) return { fault: 'the user carries no realm, as in root@pam' };
  const name = text.slice(0, at);
  const bang = text.indexOf('!', at);
  const realm = bang < 0 ? text.slice(at + 1) : text.slice(at + 1, bang);
  const token = bang < 0 ? '' : text.slice(bang + 1);
  if (!NAME.test(name)) return { fault: 'the user name holds a blank, a colon or a slash' };
  if (!REALM.test(realm))
    return { fault: `"${realm}" is no realm (a letter first, then at least one more character)` };
  if (bang >= 0 && !TOKEN.test(token))
    return { fault: `"${token}" is no token name (a letter first, then at least one of A-Z a-z 0-9 . - _)` };
  const user = `${name}@${realm}`;
  if (user.length > 64) return { fault: 'the user id is longer than 64 characters' };
  return { user, realm, token };
}

/** The same for a string that was checked before; a bare user where it was not. */
export function tokenIdOf(identity: string): TokenId {
  const read = readTokenId(identity);
  return 'fault' in read ? { user: identity, realm: '', token: '' } : read;
}
