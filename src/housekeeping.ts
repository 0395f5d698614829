import type { Logger } from 'pino';
import type { Clock } from './base/clock.ts';
import type { Leases } from './storage/leases.ts';

/** What goes on by itself: batches written, ended tokens swept, old rows pruned, keys rolled over. */
export interface Housekeeping {
  start(): void;
  /** Writes what is gathered a last time. */
  stop(): Promise<void>;
}

interface Dependencies {
  readonly leases: Leases;
  readonly holder: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly everyProcess: {
    flushLastUses(): Promise<void>;
    flushAudit(): Promise<void>;
    shareRates(): Promise<void>;
    failed(what: 'audit' | 'last-use'): void;
  };
  /** Done by whichever process holds the lease. */
  readonly oneProcess: {
    sweepEndedTokens(nowMs: number): Promise<void>;
    prune(nowMs: number): Promise<void>;
    rotateSigningKeys(): Promise<void>;
    /** Other systems take their time; it must not keep the rest waiting. */
    tendConnections(): Promise<void>;
  };
}

/** Rows wait for each other: what a batch costs beside its rows is paid twice a second. */
const AUDIT_EVERY_MS = 500;
const RATES_EVERY_MS = 500;
const LAST_USE_EVERY_MS = 20_000;
const HOUSE_EVERY_MS = 60_000;
const LEASE_MS = 150_000;
/** A round of tests may take long; the lease outlives it, so that no second process begins another. */
const TENDING_LEASE_MS = 600_000;

export function createHousekeeping({
  leases,
  holder,
  log,
  clock,
  everyProcess,
  oneProcess,
}: Dependencies): Housekeeping {
  const timers: NodeJS.Timeout[] = [];
  const running = new Set<Promise<void>>();

  const attempt = (what: string, work: () => Promise<void>, onFailure: () => void = () => {}): void => {
    const done = work()
      .catch((error: unknown) => {
        onFailure();
        log.error({ err: error }, `${what} failed; tried again at the next turn`);
      })
      .finally(() => running.delete(done));
    running.add(done);
  };

  const every = (ms: number, turn: () => void): void => {
    timers.push(setInterval(turn, ms));
  };

  const flushAudit = (): void =>
    attempt('writing audit rows', everyProcess.flushAudit, () => everyProcess.failed('audit'));
  const flushLastUses = (): void =>
    attempt('writing last uses', everyProcess.flushLastUses, () => everyProcess.failed('last-use'));
  const shareRates = (): void => attempt('sharing rate counts', everyProcess.shareRates);
  const keepHouse = (): void =>
    attempt('housekeeping', async () => {
      if (!(await leases.take('housekeeping', holder, LEASE_MS))) return;
      await oneProcess.sweepEndedTokens(clock());
      await oneProcess.prune(clock());
      await oneProcess.rotateSigningKeys();
    });
  let tending = false;
  const tendConnections = (): void => {
    if (tending) return;
    tending = true;
    attempt('tending connections', async () => {
      try {
        if (await leases.take('connections', holder, TENDING_LEASE_MS)) await oneProcess.tendConnections();
      } finally {
        tending = false;
      }
    });
  };

  return {
    start() {
      every(AUDIT_EVERY_MS, flushAudit);
      every(RATES_EVERY_MS, shareRates);
      every(LAST_USE_EVERY_MS, flushLastUses);
      every(HOUSE_EVERY_MS, keepHouse);
      every(HOUSE_EVERY_MS, tendConnections);
      keepHouse();
    },
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all(running);
      flushLastUses();
      flushAudit();
      await Promise.all(running);
    },
  };
}
