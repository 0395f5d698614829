/** A full token id, `user@realm!name`, as Proxmox's own expression accepts it. */
const TOKEN_ID = /^([^\s:/]+)@([A-Za-z][A-Za-z0-9.\-_]+)!([A-Za-z][A-Za-z0-9.\-_]+)$/;
const USER_ID = /^([^\s:/]+)@([A-Za-z][A-Za-z0-9.\-_]+)$/;

export const TOKEN_NAME = /^[A-Za-z][A-Za-z0-9.\-_]+$/;

export interface TokenId {
  readonly user: string;
  readonly name: string;
}

export function splitTokenId(id: string): TokenId | undefined {
  const [, name, realm, token] = TOKEN_ID.exec(id) ?? [];
  return name === undefined || token === undefined ? undefined : { user: `${name}@${realm}`, name: token };
}

export const isUserId = (id: string): boolean => id.length >= 3 && id.length <= 64 && USER_ID.test(id);

/** `name@realm` cut at the last `@`: the name itself may hold one. */
export const realmOf = (user: string): string => user.slice(user.lastIndexOf('@') + 1);
