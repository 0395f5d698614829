import { compileRules, type Decide } from './decide.ts';
import type { RouteRecord } from './record.ts';
import type { RouteReads } from './store.ts';

/** A route in force in this process. */
export interface ActiveRoute {
  readonly record: RouteRecord;
  readonly decide: Decide;
  readonly passHeaders: ReadonlySet<string> | null;
  /** Calls under way. */
  active: number;
  /** Changed or deleted since: calls that began on it end. */
  gone: boolean;
}

/** The routes in force, by each way to select one. */
export interface RouteBook {
  byName(name: string): ActiveRoute | undefined;
  byHost(host: string): ActiveRoute | undefined;
  byPort(port: number): ActiveRoute | undefined;
  readonly hasHosts: boolean;
  ports(): number[];
  /** Reads all routes again. */
  reload(): Promise<void>;
}

export function createRouteBook(store: RouteReads): RouteBook {
  let byId = new Map<string, ActiveRoute>();
  const names = new Map<string, ActiveRoute>();
  const hosts = new Map<string, ActiveRoute>();
  const ports = new Map<number, ActiveRoute>();
  let running: Promise<void> | null = null;
  let again = false;

  async function read(): Promise<void> {
    const records = await store.routes();
    const next = new Map<string, ActiveRoute>();
    for (const record of records) {
      const known = byId.get(record.id);
      const same = known !== undefined && JSON.stringify(known.record) === JSON.stringify(record);
      next.set(record.id, same ? known : activate(record));
    }
    for (const [id, route] of byId) if (next.get(id) !== route) route.gone = true;
    byId = next;
    names.clear();
    hosts.clear();
    ports.clear();
    for (const route of byId.values()) {
      const { name, host, port, byPath } = route.record;
      if (byPath) names.set(name, route);
      if (host !== null) hosts.set(host, route);
      if (port !== null) ports.set(port, route);
    }
  }

  return {
    byName: (name) => names.get(name),
    byHost: (host) => hosts.get(host),
    byPort: (port) => ports.get(port),
    get hasHosts() {
      return hosts.size > 0;
    },
    ports: () => [...ports.keys()],
    async reload() {
      // A change that comes during a reading is not in it.
      if (running !== null) {
        again = true;
        return running;
      }
      running = (async () => {
        do {
          again = false;
          await read();
        } while (again);
      })().finally(() => {
        running = null;
      });
      return running;
    },
  };
}

const activate = (record: RouteRecord): ActiveRoute => ({
  record,
  decide: compileRules(record),
  passHeaders: record.passHeaders.length === 0 ? null : new Set(record.passHeaders),
  active: 0,
  gone: false,
});
