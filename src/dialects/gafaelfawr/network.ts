import { BlockList, isIP } from 'node:net';

/**
 * Which addresses an `ip_address` filter selects: just that address, or all strictly inside a network (so one of a
 * single address selects nothing). Null when the text is neither, or names a network by an address within it.
 */
export function addressFilter(text: string): ((address: string) => boolean) | null {
  const [base = '', bits, ...rest] = text.split('/');
  const family = isIP(base);
  if (family === 0 || rest.length > 0) return null;
  const name = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  const selects = (address: string): boolean => {
    const its = isIP(address);
    return its === family && list.check(address, name);
  };
  if (bits === undefined) {
    list.addAddress(base, name);
    return selects;
  }
  const width = family === 4 ? 32 : 128;
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > width || hasHostBits(base, family, Number(bits))) return null;
  if (Number(bits) === width) return () => false;
  list.addSubnet(base, Number(bits), name);
  return selects;
}

function hasHostBits(base: string, family: number, bits: number): boolean {
  const bytes = family === 4 ? base.split('.').map(Number) : sixteenBytes(base);
  return bytes.some((byte, at) => {
    const network = Math.min(8, Math.max(0, bits - at * 8));
    return (byte & (0xff >> network)) !== 0;
  });
}

/** RFC 4291 section 2.2: `::` stands for as many zero groups as are missing; the end may be dotted IPv4. */
function sixteenBytes(address: string): number[] {
  const groups = (part: string | undefined): number[] =>
    part === undefined || part === ''
      ? []
      : part
          .split(':')
          .flatMap((group) =>
            group.includes('.')
              ? group.split('.').map(Number)
              : [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff],
          );
  const [head, tail] = (address.split('%', 1)[0] ?? '').split('::');
  const [front, back] = [groups(head), groups(tail)];
  return [...front, ...new Array<number>(16 - front.length - back.length).fill(0), ...back];
}
