import { isIP } from 'node:net';

/**
 * What an address counts for when requests are counted: an IPv4 address for itself, an IPv6 address for its /64,
 * since that is the least that one subscriber is given (RFC 6177) and all of it is theirs to send from. Text that is
 * no address stays as it is.
 */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const groups = groupsOf(address);
  if (groups.slice(0, 5).every((group) => group === '0') && groups[5] === 'ffff') return mappedIpv4(groups);
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/** The eight groups in lower case without leading zeros, whatever the spelling. */
function groupsOf(address: string): string[] {
  const bare = address.split('%', 1)[0];
  const [head = '', tail] = new URL(`http://[${bare}]`).hostname.slice(1, -1).split('::');
  const front = head === '' ? [] : head.split(':');
  if (tail === undefined) return front;
  const back = tail === '' ? [] : tail.split(':');
  return [...front, ...Array<string>(8 - front.length - back.length).fill('0'), ...back];
}

/** RFC 4291 section 2.5.5.2. */
function mappedIpv4(groups: readonly string[]): string {
  const bytes = groups.slice(6).flatMap((group) => {
    const number = Number.parseInt(group, 16);
    return [number >> 8, number & 0xff];
  });
  return bytes.join('.');
}
