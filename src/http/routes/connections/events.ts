import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { defined } from '../../../base/defined.ts';
import { ok } from '../../../base/result.ts';
import type { Events } from '../../../connections/events.ts';
import type { Rewrap } from '../../../connections/rewrap.ts';
import type { WebhookKeys } from '../../../connections/webhook-key.ts';
import { Event, EventList, EventQuery, WebhookKey } from '../../../wire/events.ts';
import { RewrapQuery, RewrapReport } from '../../../wire/master-keys.ts';
import type { Authenticate } from '../../authenticate.ts';
import { route } from '../../route.ts';
import { TAG } from './connections.ts';
import { presentEvent } from './present.ts';

export interface EventRouteNeeds {
  readonly authenticate: Authenticate;
  readonly events: Events;
  readonly rewrap: Rewrap;
  readonly webhookKey: WebhookKeys;
}

const Numbered = z.object({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) });

export function eventRoutes(
  app: FastifyInstance,
  { authenticate, events, rewrap, webhookKey }: EventRouteNeeds,
): void {
  const tag = TAG;

  route(app, authenticate, {
    method: 'GET',
    path: '/api/v1/events',
    tag,
    summary: 'Events of connections, newest first',
    description: 'A credential refused or about to end, a certificate changed, a fallback used.',
    query: EventQuery,
    response: EventList,
    faults: ['insufficient_scope', 'not_found'],
    async handle({ query, caller }) {
      const { connection, ...filter } = query;
      const found = await events.list(caller.actor, {
        ...defined(filter),
        ...(connection === undefined ? {} : { key: connection }),
      });
      return found.ok ? ok({ items: found.value.map(presentEvent) }) : found;
    },
  });

  route(app, authenticate, {
    method: 'POST',
    path: '/api/v1/events/:id/acknowledge',
    tag,
    summary: 'Acknowledge an event',
    params: Numbered,
    response: Event,
    faults: ['insufficient_scope', 'not_found'],
    async handle({ params, caller }) {
      const event = await events.acknowledge(caller.actor, params.id);
      return event.ok ? ok(presentEvent(event.value)) : event;
    },
  });

  route(app, authenticate, {
    method: 'POST',
    path: '/api/v1/webhook/show-key',
    tag,
    summary: 'The key that deliveries to the webhook are signed with',
    response: WebhookKey,
    faults: ['insufficient_scope', 'sealed'],
    async handle({ caller }) {
      const shown = await webhookKey.show(caller.actor);
      return shown.ok ? ok({ configured: shown.value.configured, key: shown.value.key.reveal() }) : shown;
    },
  });

  route(app, authenticate, {
    method: 'POST',
    path: '/api/v1/master-keys/rewrap',
    tag: 'Operations',
    summary: 'Wrap sealed values with the active master key, one batch',
    query: RewrapQuery,
    response: RewrapReport,
    faults: ['insufficient_scope', 'sealed'],
    async handle({ query, caller }) {
      const done = await rewrap.batch(caller.actor, query.limit);
      if (!done.ok) return done;
      const { activeKey, rewrapped, remaining, total, failed, byKey } = done.value;
      return ok({
        active_key: activeKey,
        rewrapped,
        remaining,
        total,
        failed: failed.map((one) => ({ ...one })),
        by_key: { ...byKey },
      });
    },
  });
}
