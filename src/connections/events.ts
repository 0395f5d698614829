import type { Actor } from '../access/principal.ts';
import { auditEntry } from '../audit/entry.ts';
import { type Clock, seconds } from '../base/clock.ts';
import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { mayManage, mayRead, unknownConnection } from './access.ts';
import type { EventRecord } from './record.ts';
import type { ConnectionStore, EventFilter } from './store.ts';

/** What happened to connections that somebody should know of. */
export interface Events {
  list(
    actor: Actor,
    filter: Omit<EventFilter, 'connectionId'> & { key?: string },
  ): Promise<Result<EventRecord[]>>;
  acknowledge(actor: Actor, id: number): Promise<Result<EventRecord>>;
}

interface Dependencies {
  readonly store: ConnectionStore;
  readonly clock: Clock;
}

export function createEvents({ store, clock }: Dependencies): Events {
  return {
    async list(actor, { key, ...filter }) {
      const allowed = mayRead(actor, 'see events');
      if (!allowed.ok) return allowed;
      if (key === undefined) return ok(await store.connectionEvents(filter));
      const record = await store.connection(key);
      if (record === null) return err(unknownConnection(key));
      return ok(await store.connectionEvents({ ...filter, connectionId: record.id }));
    },

    async acknowledge(actor, id) {
      const allowed = mayManage(actor, 'acknowledge events');
      if (!allowed.ok) return allowed;
      return store.change<EventRecord>(async (tx) => {
        const event = await tx.connectionEvent(id);
        if (event === null) return err(fault('not_found', `There is no event ${id}.`));
        if (event.acknowledgedAt !== null) return ok(event);
        const now = seconds(clock);
        await tx.acknowledgeConnectionEvent(id, actor.username, now);
        await tx.audit(
          auditEntry(clock(), actor, {
            action: 'event.acknowledged',
            subject: event.connectionName,
            detail: { id },
          }),
        );
        return ok({ ...event, acknowledgedAt: now, acknowledgedBy: actor.username });
      });
    },
  };
}
