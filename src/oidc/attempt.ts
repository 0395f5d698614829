import { refused } from '../access/sign-in-refusal.ts';
import type { Clock } from '../base/clock.ts';
import { ok, type Result } from '../base/result.ts';
import { Secret } from '../base/secret.ts';
import { textEquals } from '../crypto/digest.ts';
import { type RandomSource, randomBase62 } from '../crypto/random.ts';
import type { Sealer } from '../crypto/seal.ts';

/** What a sign-in begun must still know when the browser comes back. */
export interface Attempt {
  /** RFC 6749 section 10.12. */
  readonly state: string;
  /** OpenID Connect Core section 3.1.2.1. */
  readonly nonce: string;
  /** RFC 7636 section 4.1. */
  readonly verifier: string;
  readonly returnTo: string;
}

/**
 * Attempts travel sealed in a cookie of the browser that began them: any process over the same master key can
 * finish one, and no other browser can.
 */
export interface Attempts {
  begin(returnTo: string): Result<{ attempt: Attempt; sealed: string }>;
  /** The attempt of this browser, if it is the one that the provider answers to. */
  resume(sealed: string | null, state: string | null): Result<Attempt>;
}

export const ATTEMPT_SECONDS = 600;
const CONTEXT = 'oidc-attempt|1';
// 22 characters of base 62 are 131 bits; a verifier has at least 43 (RFC 7636 section 4.1).
const SHORT = 22;
const VERIFIER = 43;

interface Dependencies {
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: RandomSource;
}

export function createAttempts({ sealer, clock, random }: Dependencies): Attempts {
  return {
    begin(returnTo) {
      const attempt: Attempt = {
        state: randomBase62(SHORT, random),
        nonce: randomBase62(SHORT, random),
        verifier: randomBase62(VERIFIER, random),
        returnTo,
      };
      const text = JSON.stringify({ ...attempt, until: clock() + ATTEMPT_SECONDS * 1000 });
      const sealed = sealer.seal(new Secret(text), CONTEXT);
      return sealed.ok ? ok({ attempt, sealed: sealed.value }) : sealed;
    },

    resume(sealed, state) {
      const foreign = refused(
        'state',
        'this answer does not belong to a sign-in that this browser has begun and not finished',
        'Begin again. With two tabs, the one begun last counts; cookies must be allowed.',
      );
      if (sealed === null || state === null) return foreign;
      const opened = sealer.open(sealed, CONTEXT);
      if (!opened.ok) return opened.error.code === 'sealed' ? opened : foreign;
      const { until, ...attempt } = JSON.parse(opened.value.reveal()) as Attempt & { until: number };
      if (!textEquals(attempt.state, state)) return foreign;
      if (clock() >= until)
        return refused('expired', `more than ${ATTEMPT_SECONDS / 60} minutes went by`, 'Begin again.');
      return ok(attempt);
    },
  };
}
