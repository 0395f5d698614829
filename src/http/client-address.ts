import { BlockList, isIP } from 'node:net';

/** The network address a request came from, seen through the proxies that are trusted. */
export type ClientAddress = (
  socketAddress: string | undefined,
  forwardedFor: string | undefined,
) => string | null;

/**
 * The right-most address of `X-Forwarded-For` outside the trusted networks counts, and only when the connection
 * itself comes from a trusted proxy: everything further left is what somebody claimed.
 */
export function createClientAddress(trustedNetworks: readonly string[]): ClientAddress {
  const trusted = new BlockList();
  for (const network of trustedNetworks) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address);
    if (family === 0) continue;
    trusted.addSubnet(
      address,
      bits === undefined ? (family === 4 ? 32 : 128) : Number(bits),
      family === 4 ? 'ipv4' : 'ipv6',
    );
  }
  const known = new Map<string, boolean>();
  const isTrusted = (address: string): boolean => {
    let verdict = known.get(address);
    if (verdict === undefined) {
      const family = isIP(address);
      verdict = family !== 0 && trusted.check(address, family === 4 ? 'ipv4' : 'ipv6');
      if (known.size >= 10_000) known.clear();
      known.set(address, verdict);
    }
    return verdict;
  };

  return (socketAddress, forwardedFor) => {
    const direct = socketAddress === undefined ? null : plain(socketAddress);
    if (direct === null || forwardedFor === undefined || !isTrusted(direct)) return direct;
    const hops = forwardedFor.split(',');
    for (let at = hops.length - 1; at >= 0; at--) {
      const hop = plain((hops[at] ?? '').trim());
      if (isIP(hop) === 0) return direct;
      if (!isTrusted(hop) || at === 0) return hop;
    }
    return direct;
  };
}

/** Whether a trusted proxy handed a request on, as it does with those of others over the same connection. */
export const isHandedOn = (
  addressOf: ClientAddress,
  socketAddress: string | undefined,
  forwardedFor: string | undefined,
): boolean => addressOf(socketAddress, forwardedFor) !== addressOf(socketAddress, undefined);

/** IPv4 addresses that arrive on an IPv6 socket are written as IPv4. */
const plain = (address: string): string => (address.startsWith('::ffff:') ? address.slice(7) : address);
