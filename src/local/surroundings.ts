import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { createLoginBudget, memoryTally } from '../kinds/reach/login-budget.ts';
import { localListeners, type Surroundings } from '../kinds/reach/surroundings.ts';

/** What this machine knows of its own network: the proxy others use, and who listens here. */
export function surroundingsHere(
  environment: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): Surroundings {
  const address = environment.HTTPS_PROXY || environment.https_proxy || '';
  const exceptions = environment.NO_PROXY || environment.no_proxy || '';
  return {
    ...(address === '' ? {} : { proxy: { address: withoutUserInfo(address), exceptions } }),
    listeners: localListeners,
    // One run ends at two refusals: a third is what log watchers ban for.
    loginBudget: createLoginBudget({ clock, tally: memoryTally(clock), newId: randomUUID, limit: 2 }),
  };
}

/** The address of a proxy may hold a login, which belongs in no message. */
const withoutUserInfo = (address: string): string => address.replace(/\/\/[^/@]*@/, '//');
