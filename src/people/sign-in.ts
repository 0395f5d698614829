import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import type { PasswordHasher } from '../crypto/password.ts';
import type { PrincipalRecord } from './record.ts';
import type { PeopleStore } from './store.ts';
import type { Throttle } from './throttle.ts';

export interface SignIn {
  /** The user whose name and password these are. Unknown, disabled and wrong answer alike and take as long. */
  withPassword(username: string, password: Secret, address: string): Promise<Result<PrincipalRecord>>;
}

interface Dependencies {
  readonly store: PeopleStore;
  readonly passwords: PasswordHasher;
  readonly throttle: Throttle;
}

export function createSignIn({ store, passwords, throttle }: Dependencies): SignIn {
  return {
    async withPassword(username, password, address) {
      const admitted = await throttle.admit(username, address);
      if (!admitted.ok) return admitted;
      const hash = await store.passwordHash(username);
      const matches = await passwords.verify(password, hash);
      const principal = matches ? await store.principal(username) : null;
      if (principal === null || principal.disabled) {
        await throttle.failed(username, address);
        return err(fault('bad_credentials', 'The name or password is wrong.'));
      }
      await throttle.succeeded(username, address);
      return ok(principal);
    },
  };
}
