import { createHash } from 'node:crypto';

/** SHA-256 over text that comes piece by piece. */
export interface RunningDigest {
  add(text: string): void;
  /** 64 lower-case hex characters; nothing can be added afterwards. */
  hex(): string;
}

export function runningDigest(): RunningDigest {
  const hash = createHash('sha256');
  return { add: (text) => void hash.update(text), hex: () => hash.digest('hex') };
}
