import { hash, verify } from '@node-rs/argon2';
import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';

/** Argon2id (the library's default) with the OWASP minimum: 19 MiB, two passes, one lane; about 20 ms off the main thread. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** No password gives it, and checking against it is the same work as against any other. */
const DECOY = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/** Memory-hard password hashing (RFC 9106), with a bound on how many run side by side and how many wait. */
export interface PasswordHasher {
  /** Fails with `unavailable` when too many wait already. */
  hash(password: Secret): Promise<Result<string>>;
  /**
   * Whether the password belongs to the hash. For null (no such user) it takes as long and answers false. Fails with
   * `unavailable` when too many wait already.
   */
  verify(password: Secret, stored: string | null): Promise<Result<boolean>>;
}

interface Limits {
  /** At once: 4 x 19 MiB, and sign-ins leave the thread pool to others. */
  readonly lanes: number;
  /** Beyond those: about a second of work, which is as long as anybody should wait. */
  readonly waiting: number;
}

export function createPasswordHasher(limits: Limits = { lanes: 4, waiting: 100 }): PasswordHasher {
  let running = 0;
  const waiting: (() => void)[] = [];

  async function inLane<T>(work: () => Promise<T>): Promise<Result<T>> {
    if (running >= limits.lanes) {
      if (waiting.length >= limits.waiting) return err(BUSY);
      await new Promise<void>((resume) => waiting.push(resume));
    } else running++;
    try {
      return ok(await work());
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  }

  return {
    hash: (password) => inLane(() => hash(password.reveal(), PARAMETERS)),
    async verify(password, stored) {
      const matches = await inLane(() => verify(stored ?? DECOY, password.reveal()));
      return matches.ok ? ok(matches.value && stored !== null) : matches;
    },
  };
}

const BUSY = fault('unavailable', 'Too many passwords are being checked at this moment.', {
  retryAfterSeconds: 2,
  fix: 'Try again in a few seconds.',
});
