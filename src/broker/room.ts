import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { internalActor } from '../access/principal.ts';
import type { AuditTrail } from '../audit/trail.ts';
import type { Change } from '../base/change.ts';
import type { Clock } from '../base/clock.ts';
import type { Outlets } from '../connections/outlets.ts';
import type { Network } from '../outbound/dial.ts';
import type { LastUses } from '../tokens/last-use.ts';
import type { Verifier } from '../tokens/verify.ts';
import { createRouteBook } from './book.ts';
import { type CheckCall, createCheckCall } from './check.ts';
import { createDestinations } from './destinations.ts';
import { createDoor, type Door } from './door.ts';
import { createLedger } from './ledger.ts';
import { createLiveCalls } from './live.ts';
import { createRelay } from './relay.ts';
import { createRoutes, type FindConnection, type Routes } from './routes.ts';
import type { RouteStore } from './store.ts';

/** Everything about routes, built once per process. */
export interface BrokerRoom {
  readonly routes: Routes;
  readonly checkCall: CheckCall;
  readonly door: Door;
  forget(change: Change): void;
  forgetAll(): void;
  start(): Promise<void>;
  close(): void;
}

interface Dependencies {
  readonly store: RouteStore & { connection: FindConnection };
  readonly verifier: Verifier;
  readonly feedIsFresh: () => boolean;
  readonly outlets: Pick<Outlets, 'open' | 'atHand' | 'doubt' | 'fellBack'>;
  readonly lastUses: Pick<LastUses, 'note'>;
  readonly audit: Pick<AuditTrail, 'note' | 'refused'>;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly addressOf: (socketAddress: string | undefined, forwardedFor: string | undefined) => string | null;
  /** Where ports of routes listen, and the ports they cannot have. */
  readonly host: string;
  readonly ownPorts: readonly number[];
  readonly secure: ((socket: Socket, ready: (secured: Duplex) => void) => void) | null;
  /** Tests a connection whose credential calls through a route saw refused. */
  readonly doubted: (connectionId: string) => Promise<unknown>;
  readonly network?: Network;
  /** Told of what no caller hears: a port that cannot be opened, routes that cannot be read. */
  readonly failed: (what: string, error: unknown) => void;
}

export function createBrokerRoom(needs: Dependencies): BrokerRoom {
  const { store, verifier, outlets, lastUses, audit, clock, failed } = needs;
  const book = createRouteBook(store);
  const live = createLiveCalls(verifier, clock, needs.feedIsFresh);
  const destinations = createDestinations({
    outlets,
    clock,
    doubted: (id) =>
      void needs
        .doubted(id)
        .catch((error: unknown) => failed('testing a connection that refuses calls', error)),
    refused: (outlet) =>
      void outlets.doubt(outlet).catch((error: unknown) => failed('counting a refused login', error)),
    fellBack: (outlet) =>
      void outlets
        .fellBack(internalActor, outlet)
        .catch((error: unknown) => failed('noting that a fallback is in use', error)),
    ...(needs.network === undefined ? {} : { network: needs.network }),
  });
  const relay = createRelay({
    verifier,
    destinations,
    lastUses,
    ledger: createLedger(audit),
    live,
    clock,
    addressOf: needs.addressOf,
  });
  const door = createDoor({
    book,
    relay,
    host: needs.host,
    secure: needs.secure,
    portFailed: (port, error) => failed(`opening port ${port} of a route`, error),
  });

  async function reload(): Promise<void> {
    await book.reload();
    door.sync();
    live.recheck();
  }
  const reread = (): void => void reload().catch((error: unknown) => failed('reading routes', error));

  return {
    routes: createRoutes({
      store,
      findConnection: store.connection,
      clock,
      newId: needs.newId,
      ownPorts: needs.ownPorts,
    }),
    checkCall: createCheckCall(store, verifier),
    door,
    forget({ topic }) {
      if (topic === 'route') reread();
      else live.recheck();
    },
    forgetAll() {
      reread();
      live.recheck();
    },
    async start() {
      live.start();
      await reload();
    },
    close() {
      live.stop();
      door.close();
      destinations.close();
    },
  };
}
