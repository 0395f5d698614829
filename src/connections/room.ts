import type { Actor } from '../access/principal.ts';
import { internalActor } from '../access/principal.ts';
import type { Change } from '../base/change.ts';
import { type Clock, seconds } from '../base/clock.ts';
import { ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import type { Sealer } from '../crypto/seal.ts';
import type { ProxyHere } from '../kinds/reach/surroundings.ts';
import { KINDS } from '../kinds/registry.ts';
import { type Connections, createConnections } from './connections.ts';
import { type Credentials, createCredentials } from './credentials.ts';
import { announceEndings } from './endings.ts';
import { createEvents, type Events } from './events.ts';
import { createExaminer } from './examine.ts';
import { createInspecting, type Inspecting } from './inspect.ts';
import { createInventory, type Inventory } from './inventory.ts';
import { createOutcomes } from './outcome.ts';
import { createOutlets, type Outlets } from './outlets.ts';
import type { ConnectionStore } from './store.ts';
import { createTesting, type Testing } from './testing.ts';
import { createTurns, type Lease } from './turns.ts';
import { createUpstreamTokens, type UpstreamTokens } from './upstream-tokens.ts';
import { createVault } from './vault.ts';
import { createVicinity } from './vicinity.ts';
import type { WayOut } from './way-out.ts';
import { createWebhook } from './webhook.ts';

/** Everything about connections, built once per process. */
export interface ConnectionRoom {
  readonly connections: Connections;
  readonly testing: Testing;
  readonly inspecting: Inspecting;
  readonly credentials: Credentials;
  readonly inventory: Inventory;
  readonly upstreamTokens: UpstreamTokens;
  readonly events: Events;
  readonly outlets: Outlets;
  /** For rooms that raise events about what they did with a connection. */
  readonly announcing: { readonly delivers: boolean; readonly raised: () => void };
  readonly kinds: readonly KindView[];
  /** The scheduled turn, done by one process: endings announced, what is due tested, events delivered. */
  turn(): Promise<void>;
  forget(change: Change): void;
  forgetAll(): void;
}

export interface KindView {
  readonly name: keyof typeof KINDS;
  readonly defaultPort: number;
  readonly methods: (typeof KINDS)['http']['methods'];
  readonly tasks: Readonly<Record<string, string>>;
}

interface Dependencies {
  readonly store: ConnectionStore;
  readonly leases: Lease;
  readonly sealer: Sealer;
  readonly wayOut: WayOut;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly proxy: ProxyHere | null;
  /** What one call of a test may take. */
  readonly callSeconds: number;
  /** Time between two scheduled tests of a connection; null: none. */
  readonly recheckSeconds: number | null;
  readonly webhook: { readonly url: Secret; readonly key: Secret } | null;
  /** Told when a delivery broke off; events stay and are tried again. */
  readonly deliveryFailed: (error: unknown) => void;
}

export function createConnectionRoom(needs: Dependencies): Result<ConnectionRoom> {
  const { store, sealer, wayOut, clock, newId, proxy, callSeconds, recheckSeconds } = needs;
  const webhook = needs.webhook === null ? null : createWebhook({ store, wayOut, clock, ...needs.webhook });
  if (webhook !== null && !webhook.ok) return webhook;
  const delivers = webhook !== null;
  const deliver = async (): Promise<void> => webhook?.value.deliver();
  const raised = (): void => void deliver().catch(needs.deliveryFailed);

  const turns = createTurns(needs.leases, newId);
  const vault = createVault(sealer);
  const vicinity = createVicinity({ clock, lease: needs.leases, newId, proxy });
  const outcomes = createOutcomes({ store, clock, delivers, raised });
  const examiner = createExaminer({ wayOut, vicinity, clock, callSeconds });
  const outlets = createOutlets({ store, turns, vault, wayOut, vicinity, outcomes, clock });
  const testing = createTesting({ store, turns, vault, wayOut, examiner, outcomes, clock });
  const oneself: Actor = internalActor;

  return ok({
    connections: createConnections({ store, vault, wayOut, examiner, clock, newId }),
    testing,
    inspecting: createInspecting({ store, wayOut, clock }),
    credentials: createCredentials({ store, vault, wayOut, vicinity, clock, newId }),
    inventory: createInventory({ store, outlets }),
    upstreamTokens: createUpstreamTokens({ store, outlets, clock }),
    events: createEvents({ store, clock }),
    outlets,
    announcing: { delivers, raised },
    kinds: Object.values(KINDS).map(({ name, defaultPort, methods, tasks }) => ({
      name,
      defaultPort,
      methods,
      tasks,
    })),
    async turn() {
      await announceEndings({ store, clock, delivers, raised });
      if (recheckSeconds !== null) await testing.recheck(oneself, seconds(clock) - recheckSeconds);
      await deliver();
    },
    forget: outlets.forget,
    forgetAll: outlets.forgetAll,
  });
}
