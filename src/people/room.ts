import type { Clock } from '../base/clock.ts';
import { createPasswordHasher } from '../crypto/password.ts';
import { createIdentities, type Identities } from './identities.ts';
import { createRateLimiter, type RateLimiter, type RateStore } from './rate.ts';
import { createRoles, type Roles } from './roles.ts';
import { type BootstrapParts, createSetup, type Setup } from './setup.ts';
import { createSignIn, type SignIn } from './sign-in.ts';
import type { PeopleStore, ThrottleStore } from './store.ts';
import { createThrottle } from './throttle.ts';
import { createUsers, type Users } from './users.ts';

/** Everything about who people are and how they come in, built once per process. */
export interface PeopleRoom {
  readonly setup: Setup;
  readonly signIn: SignIn;
  readonly users: Users;
  readonly roles: Roles;
  readonly identities: Identities;
  readonly rates: RateLimiter;
}

interface Dependencies {
  readonly store: PeopleStore & RateStore & { readonly throttle: ThrottleStore };
  readonly clock: Clock;
  /** Name of this process among those that count calls together. */
  readonly process: string;
  /** The bootstrap token of the configuration. */
  readonly configured: BootstrapParts | null;
  /** The provider at which people may sign in. */
  readonly issuer: string | null;
}

export function createPeopleRoom({ store, clock, process, configured, issuer }: Dependencies): PeopleRoom {
  const passwords = createPasswordHasher();
  const signIn = createSignIn({ store, passwords, throttle: createThrottle(store.throttle, clock) });
  return {
    setup: createSetup({ store, passwords, clock, configured }),
    signIn,
    users: createUsers({ store, clock, passwords, signIn }),
    roles: createRoles({ store, clock }),
    identities: createIdentities({ store, clock, issuer }),
    rates: createRateLimiter({ store, clock, process }),
  };
}
