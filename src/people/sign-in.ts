import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import type { PasswordHasher } from '../crypto/password.ts';
import type { SignedIn } from './record.ts';
import type { PeopleStore } from './store.ts';
import type { Throttle } from './throttle.ts';

export interface SignIn {
  /**
   * Whose name and password these are. Unknown, disabled and wrong answer alike (`bad_credentials`) and take as
   * long; `throttled` and `unavailable` say when to try again.
   */
  withPassword(username: string, password: Secret, address: string | null): Promise<Result<SignedIn>>;
}

interface Dependencies {
  readonly store: Pick<PeopleStore, 'principal' | 'passwordHash'>;
  readonly passwords: PasswordHasher;
  readonly throttle: Throttle;
}

export function createSignIn({ store, passwords, throttle }: Dependencies): SignIn {
  return {
    async withPassword(username, password, address) {
      const attempt = await throttle.begin(username, address ?? 'unknown');
      if (!attempt.ok) return attempt;
      const principal = await store.principal(username);
      const kept = await store.passwordHash(username);
      const passwordHash = principal === null || principal.disabled ? null : kept;
      const matches = await passwords.verify(password, passwordHash);
      if (!matches.ok) {
        await attempt.value.abandoned();
        return matches;
      }
      if (passwordHash === null || !matches.value) {
        return err(fault('bad_credentials', 'The name or password is wrong.'));
      }
      await attempt.value.succeeded();
      return ok({ username, passwordHash });
    },
  };
}
