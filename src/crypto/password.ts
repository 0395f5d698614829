import { hash, verify } from '@node-rs/argon2';
import { Secret } from '../base/secret.ts';

/** Argon2id (the library's default) with the OWASP minimum: 19 MiB, two passes, one lane; about 20 ms off the main thread. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

// At most this many at once: 4 x 19 MiB, and sign-ins leave the thread pool to others.
const LANES = 4;

/** Memory-hard password hashing (RFC 9106), with a bound on how many run side by side. */
export interface PasswordHasher {
  hash(password: Secret): Promise<string>;
  /** Whether the password belongs to the hash. For null (no such user) it takes as long and answers false. */
  verify(password: Secret, stored: string | null): Promise<boolean>;
}

export function createPasswordHasher(): PasswordHasher {
  let running = 0;
  const waiting: (() => void)[] = [];
  let decoy: Promise<string> | null = null;

  async function inLane<T>(work: () => Promise<T>): Promise<T> {
    if (running >= LANES) await new Promise<void>((resume) => waiting.push(resume));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  }

  const hashNow = (password: Secret): Promise<string> => inLane(() => hash(password.reveal(), PARAMETERS));

  return {
    hash: hashNow,
    async verify(password, stored) {
      decoy ??= hashNow(new Secret('nobody has this password'));
      const against = stored ?? (await decoy);
      const matches = await inLane(() => verify(against, password.reveal()));
      return stored !== null && matches;
    },
  };
}
