import { z } from 'zod';
import { Timestamp } from './common.ts';
import { ConnectionKey, ConnectionKind } from './connection-parts.ts';
import { Connection } from './connections.ts';
import { TestReport } from './diagnosis.ts';

/** What the doctor says of all connections, and what happened to them. */

export const DoctorQuery = z.strictObject({
  connection: ConnectionKey.optional(),
  kind: ConnectionKind.optional(),
});
export type DoctorQuery = z.input<typeof DoctorQuery>;

export const Doctor = z
  .object({
    at: Timestamp,
    ok: z.boolean(),
    exit_code: z.int().meta({ description: 'Of the first layer at which any connection fails' }),
    sentence: z.string(),
    items: z.array(
      z.object({ connection: Connection, report: TestReport.nullable(), problem: z.string().nullable() }),
    ),
  })
  .meta({ id: 'Doctor' });
export type Doctor = z.infer<typeof Doctor>;

export const EventKind = z.enum([
  'credential_refused',
  'credential_accepted_again',
  'credential_ending',
  'certificate_changed',
  'trust_ending',
  'fallback_used',
  'machine_failed',
  'machine_left_over',
]);
export type EventKind = z.infer<typeof EventKind>;

export const Event = z
  .object({
    id: z.int(),
    at: Timestamp,
    kind: EventKind,
    connection: z.object({ id: z.string(), name: z.string() }),
    code: z.string().meta({ description: 'Code of the finding behind it' }),
    sentence: z.string(),
    fix: z.string(),
    acknowledged_at: Timestamp.nullable(),
    acknowledged_by: z.string().nullable(),
    delivered_at: Timestamp.nullable().meta({ description: 'When the webhook took it' }),
  })
  .meta({ id: 'Event' });
export type Event = z.infer<typeof Event>;

export const EventQuery = z.strictObject({
  connection: ConnectionKey.optional(),
  state: z.enum(['open', 'acknowledged', 'all']).default('open'),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  after: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .meta({ description: 'Only newer than this id, oldest first' }),
});
export type EventQuery = z.input<typeof EventQuery>;
export const EventList = z.object({ items: z.array(Event) }).meta({ id: 'EventList' });
export type EventList = z.infer<typeof EventList>;

/** With which deliveries to the webhook are signed: `X-Tessera-Signature: t=SECONDS,v1=HEX`. */
export const WebhookKey = z
  .object({
    configured: z.boolean().meta({ description: 'Whether TESSERA_WEBHOOK_URL is set' }),
    key: z.string().meta({ description: 'Key of HMAC-SHA-256 over "t.body"' }),
  })
  .meta({ id: 'WebhookKey' });
export type WebhookKey = z.infer<typeof WebhookKey>;
