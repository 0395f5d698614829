import type { ConnectionStore } from '../connections/store.ts';
import { createGuestStates, type GuestStates } from './guest-states.ts';
import { createMachines, type MachineSettings, type Machines } from './machines.ts';
import { createRunner, type Runner, type RunnerNeeds } from './runner.ts';
import type { JobStore } from './store.ts';
import { createStrays, type Strays } from './strays.ts';
import { createJobWatch, type JobWatch } from './watch.ts';

/** Everything about machines and the jobs that make them, built once per process. */
export interface MachineRoom {
  readonly machines: Machines;
  readonly guests: GuestStates;
  readonly strays: Strays;
  readonly watch: JobWatch;
  readonly runner: Runner;
}

interface Dependencies extends RunnerNeeds {
  readonly store: JobStore & Pick<ConnectionStore, 'connection' | 'connections'>;
  readonly settings: MachineSettings;
  readonly newId: () => string;
}

export function createMachineRoom(needs: Dependencies): MachineRoom {
  const { store, outlets, clock, settings, newId } = needs;
  const runner = createRunner(needs);
  return {
    machines: createMachines({ store, outlets, runner, settings, clock, newId }),
    guests: createGuestStates(outlets, clock),
    strays: createStrays({ store, outlets, runner, clock }),
    watch: createJobWatch(),
    runner,
  };
}
