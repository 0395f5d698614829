import type { Clock } from '../base/clock.ts';
import type { RandomSource } from './random.ts';

/** A UUID of version 7 (RFC 9562): whoever sorts by it sorts by the millisecond of its making. */
export function orderedId(clock: Clock, random: RandomSource): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(clock(), 0, 6);
  bytes.set(random(10), 6);
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
