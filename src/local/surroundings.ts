import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { createLoginBudget, memoryTally } from '../kinds/reach/login-budget.ts';
import { localListeners, proxyOf, type Surroundings } from '../kinds/reach/surroundings.ts';

/** What this machine knows of its own network: the proxy others use, and who listens here. */
export function surroundingsHere(
  environment: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): Surroundings {
  const proxy = proxyOf(environment);
  return {
    ...(proxy === null ? {} : { proxy }),
    listeners: localListeners,
    // One run ends at two refusals: a third is what log watchers ban for.
    loginBudget: createLoginBudget({ clock, tally: memoryTally(clock), newId: randomUUID, limit: 2 }),
  };
}
