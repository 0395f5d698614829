import { Gauge, type Registry } from 'prom-client';
import type { ConnectionStore } from '../../../connections/store.ts';

type Reads = Pick<ConnectionStore, 'connections' | 'openConnectionEvents'>;

/** Health of every connection, read from storage once for each time somebody asks. */
export function connectionMetrics(registry: Registry, store: Reads): void {
  let pending: Promise<void> | null = null;
  const collect = (): Promise<void> => {
    pending ??= read().finally(() => {
      pending = null;
    });
    return pending;
  };
  const gauge = (name: string, help: string, labelNames: readonly string[] = ['name', 'kind']) =>
    new Gauge({
      name: `tessera_connection_${name}`,
      help,
      labelNames: [...labelNames],
      // Every process reads the same rows.
      aggregator: 'max',
      registers: [registry],
      collect,
    });
  const up = gauge('up', '1 when the last test succeeded, 0 when it failed; absent before the first');
  const refused = gauge('credential_refused', '1 while the credential is refused');
  const ends = gauge('credential_end_seconds', 'When the credential ends, seconds since the epoch');
  const tested = gauge('last_test_seconds', 'When it was last tested, seconds since the epoch');
  const fallback = gauge('fallback_in_use', '1 while the fallback stands in for a refused credential');
  const open = gauge('open_events', 'Events that nobody has acknowledged', []);

  async function read(): Promise<void> {
    const [records, events] = [await store.connections(), await store.openConnectionEvents()];
    for (const each of [up, refused, ends, tested, fallback]) each.reset();
    for (const { name, kind, lastTest, expiresAt, refusedAt, fellBackAt } of records) {
      const labels = { name, kind };
      if (lastTest !== null) {
        up.set(labels, lastTest.verdict === 'failed' ? 0 : 1);
        tested.set(labels, lastTest.at);
      }
      refused.set(labels, refusedAt === null ? 0 : 1);
      fallback.set(labels, refusedAt !== null && fellBackAt !== null ? 1 : 0);
      if (expiresAt !== null) ends.set(labels, expiresAt);
    }
    open.set(events);
  }
}
