import { type Clock, DAY, seconds } from '../base/clock.ts';
import { ok } from '../base/result.ts';
import type { ConnectionRecord, NewEvent } from './record.ts';
import type { ConnectionStore } from './store.ts';

/** Days before an end at which somebody is told. */
const ANNOUNCED = [1, 7, 30];

interface Dependencies {
  readonly store: ConnectionStore;
  readonly clock: Clock;
  readonly delivers: boolean;
  readonly raised: () => void;
}

/** The smallest announced number of days that `end` is within, or null while it is further off. */
const daysWithin = (end: number, now: number): number | null =>
  ANNOUNCED.find((days) => end - now <= days * DAY) ?? null;

const dayOf = (at: number): string => new Date(at * 1000).toISOString().slice(0, 10);

/** Tells of credentials that end, and of verification whose time away ends: 30, 7 and 1 days before, once each. */
export async function announceEndings({ store, clock, delivers, raised }: Dependencies): Promise<void> {
  const now = seconds(clock);
  let any = false;
  for (const record of await store.connections()) {
    const due = await endingOf(store, record, now);
    if (due === null) continue;
    const done = await store.change<boolean>(async (tx) => {
      const present = await tx.connection(record.id);
      if (present === null || present.expiresAt !== record.expiresAt) return ok(false);
      for (const event of due.events) await tx.insertConnectionEvent(event, delivers);
      await tx.putConnection({ ...present, warnedDays: due.warnedDays });
      return ok(due.events.length > 0);
    });
    any ||= done.ok && done.value;
  }
  if (any) raised();
}

async function endingOf(
  store: ConnectionStore,
  record: ConnectionRecord,
  now: number,
): Promise<{ events: NewEvent[]; warnedDays: number | null } | null> {
  const about = { at: now, connectionId: record.id, connectionName: record.name };
  const events: NewEvent[] = [];
  let { warnedDays } = record;
  const days = record.expiresAt === null ? null : daysWithin(record.expiresAt, now);
  if (record.expiresAt !== null && days !== null && (warnedDays === null || days < warnedDays)) {
    const over = record.expiresAt <= now;
    warnedDays = days;
    events.push({
      ...about,
      kind: 'credential_ending',
      code: over ? 'CREDENTIAL_ENDED' : `CREDENTIAL_ENDS_IN_${days}`,
      sentence: `The credential of ${record.name} (${record.credential?.identity ?? ''}) ${over ? 'ended' : 'ends'} on ${dayOf(record.expiresAt)}.`,
      fix: `tessera connection rotate ${record.id}`,
    });
  }
  const { trust } = record;
  const left = trust.mode === 'none' ? daysWithin(trust.untilSeconds, now) : null;
  if (trust.mode === 'none' && left !== null && trust.untilSeconds > now) {
    const code = `TRUST_ENDS_IN_${left}`;
    const past = await store.connectionEvents({ connectionId: record.id, state: 'all', limit: 100 });
    // Since the decision about trust was last made.
    if (!past.some((event) => event.code === code && event.at >= record.updatedAt))
      events.push({
        ...about,
        kind: 'trust_ending',
        code,
        sentence: `Verification of ${record.name} is switched off until ${dayOf(trust.untilSeconds)}; then nothing is sent any more.`,
        fix: `tessera connection update ${record.id}: pin the certificate or give its authority`,
      });
  }
  return events.length === 0 ? null : { events, warnedDays };
}
