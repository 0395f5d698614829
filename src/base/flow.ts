import type { Writable } from 'node:stream';

/**
 * Whether a stream holds as much as it likes to; `drain` tells when that is over. Asked after writing: what `write`
 * itself says is told before the bytes go, so that every piece larger than the mark would hold its sender up.
 */
export const isFull = ({
  writableLength,
  writableHighWaterMark,
}: Pick<Writable, 'writableLength' | 'writableHighWaterMark'>): boolean =>
  writableLength >= writableHighWaterMark;
