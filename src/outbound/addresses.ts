import { BlockList, isIP } from 'node:net';

/** Why an address is never dialled, or `undefined` where it may be. */
export type AddressRefusal =
  | 'loopback'
  | 'link-local'
  | 'metadata'
  | 'multicast'
  | 'unspecified'
  | 'reserved';

const list = (...ranges: readonly string[]): BlockList => {
  const blocked = new BlockList();
  for (const range of ranges) {
    const [address = '', bits = ''] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === '') blocked.addAddress(address, family);
    else blocked.addSubnet(address, Number(bits), family);
  }
  return blocked;
};

/**
 * Ranges that lead to this machine, its neighbours on the wire or the cloud's own services. Private ranges are
 * absent on purpose: the systems registered here live in them. Sources: IANA special-purpose registries
 * (RFC 6890) and the clouds' manuals for their metadata addresses.
 */
const FORBIDDEN: readonly (readonly [AddressRefusal, BlockList])[] = [
  [
    'metadata',
    list(
      '169.254.169.254',
      '169.254.170.2',
      'fd00:ec2::254', // Amazon over IPv6
      'fd20:ce::254', // Google over IPv6
      '100.100.100.200', // Alibaba
      '192.0.0.192', // Oracle, first generation
      '168.63.129.16', // Azure's host agent
    ),
  ],
  ['loopback', list('127.0.0.0/8', '::1')],
  ['link-local', list('169.254.0.0/16', 'fe80::/10')],
  ['multicast', list('224.0.0.0/4', 'ff00::/8')],
  ['unspecified', list('0.0.0.0/8', '::')],
  ['reserved', list('240.0.0.0/4')],
];

/**
 * Judges one literal address. IPv6 spellings that carry an IPv4 address (mapped, compatible, translated by
 * NAT64 or 6to4) are judged by the address they carry.
 *
 * @param loopbackAllowed the registered host is loopback itself
 */
export function refuseAddress(address: string, loopbackAllowed: boolean): AddressRefusal | undefined {
  const plain = address.replace(/%.*$/, '');
  const family = isIP(plain);
  if (family === 0) return 'reserved';
  const carried = family === 6 ? carriedIPv4(plain) : undefined;
  for (const [reason, ranges] of FORBIDDEN) {
    const hit =
      ranges.check(plain, family === 6 ? 'ipv6' : 'ipv4') ||
      (carried !== undefined && ranges.check(carried, 'ipv4'));
    if (hit && !(reason === 'loopback' && loopbackAllowed)) return reason;
    if (hit) return undefined;
  }
  return undefined;
}

export function isLoopbackAddress(text: string): boolean {
  return isIP(text) !== 0 && refuseAddress(text, false) === 'loopback';
}

/** The IPv4 address inside `::ffff:a.b.c.d`, `::a.b.c.d`, `64:ff9b::a.b.c.d` or `2002:aabb:ccdd::`. */
function carriedIPv4(address: string): string | undefined {
  const groups = expand(address);
  if (groups === undefined) return undefined;
  const fromPair = (high: number, low: number): string =>
    `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`;
  const [g0 = 0, g1 = 0, g2 = 0, g3 = 0, g4 = 0, g5 = 0, g6 = 0, g7 = 0] = groups;
  const zeroToFour = g0 === 0 && g1 === 0 && g2 === 0 && g3 === 0 && g4 === 0;
  if (zeroToFour && (g5 === 0xffff || (g5 === 0 && g6 !== 0))) return fromPair(g6, g7);
  if (g0 === 0x64 && g1 === 0xff9b) return fromPair(g6, g7);
  if (g0 === 0x2002) return fromPair(g1, g2);
  return undefined;
}

function expand(address: string): number[] | undefined {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const text = dotted
    ? `${dotted[1]}${((Number(dotted[2]) << 8) | Number(dotted[3])).toString(16)}:${((Number(dotted[4]) << 8) | Number(dotted[5])).toString(16)}`
    : address;
  const [head = '', tail] = text.split('::');
  const parse = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((x) => Number.parseInt(x, 16));
  const left = parse(head);
  if (tail === undefined) return left.length === 8 ? left : undefined;
  const right = parse(tail);
  return [...left, ...Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0), ...right];
}
