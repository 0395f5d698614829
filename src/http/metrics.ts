import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** Plain numbers the hot paths add to; turned into metrics when somebody asks. */
export interface Counters {
  guardAllowed: number;
  guardRefused: number;
  requests: number;
  serverErrors: number;
  minted: number;
  revoked: number;
  lastUseWriteFailures: number;
  auditWriteFailures: number;
  auditDropped: number;
}

export const newCounters = (): Counters => ({
  guardAllowed: 0,
  guardRefused: 0,
  requests: 0,
  serverErrors: 0,
  minted: 0,
  revoked: 0,
  lastUseWriteFailures: 0,
  auditWriteFailures: 0,
  auditDropped: 0,
});

export function createMetrics(counters: Counters, feedIsFresh: () => boolean): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name: `tessera_${name}`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  counter('guard_allowed_total', 'Guard checks that let the request pass', () => counters.guardAllowed);
  counter('guard_refused_total', 'Guard checks that refused the request', () => counters.guardRefused);
  counter('http_requests_total', 'Requests to the API', () => counters.requests);
  counter('http_server_errors_total', 'Answers of 500 and above', () => counters.serverErrors);
  counter('tokens_minted_total', 'Tokens made through the API', () => counters.minted);
  counter('tokens_revoked_total', 'Tokens revoked through the API', () => counters.revoked);
  counter(
    'last_use_write_failures_total',
    'Batches of last uses that could not be written',
    () => counters.lastUseWriteFailures,
  );
  counter(
    'audit_write_failures_total',
    'Batches of audit rows that could not be written',
    () => counters.auditWriteFailures,
  );
  counter(
    'audit_dropped_total',
    'Audit entries for which there was no room; anything but 0 means that the trail is not whole',
    () => counters.auditDropped,
  );
  new Gauge({
    name: 'tessera_process_info',
    help: 'Always 1; tells the processes behind one port apart',
    labelNames: ['pid'],
    registers: [registry],
  }).set({ pid: String(process.pid) }, 1);
  new Gauge({
    name: 'tessera_change_feed_fresh',
    help: '1 while the change feed was read within the last five seconds, by every process',
    aggregator: 'min',
    registers: [registry],
    collect() {
      this.set(feedIsFresh() ? 1 : 0);
    },
  });
  return registry;
}
