import { z } from 'zod';
import { Moment, Timestamp } from './common.ts';

/** How the other side of a connection proves who it is. */

/** How the other side proves who it is. Decided before anything is sent. */
export const TrustInput = z
  .discriminatedUnion('mode', [
    z.strictObject({
      mode: z.literal('system').meta({ description: 'An authority known to this machine' }),
      server_name: z.string().min(1).max(253).optional(),
    }),
    z.strictObject({
      mode: z.literal('ca'),
      ca: z.string().max(48_000).meta({ description: 'PEM text of the authority' }),
      server_name: z
        .string()
        .min(1)
        .max(253)
        .optional()
        .meta({ description: 'The name to look for in the certificate, where it is not the host' }),
    }),
    z.strictObject({
      mode: z.literal('pin'),
      fingerprint: z.string().max(200).meta({ description: 'SHA-256 of the certificate, in any spelling' }),
    }),
    z.strictObject({
      mode: z.literal('none').meta({ description: 'Nobody is checked; asks for a reason and an end' }),
      reason: z.string().min(1).max(500),
      until: Moment,
    }),
  ])
  .meta({ id: 'TrustChoice' });
export type TrustInput = z.input<typeof TrustInput>;

export const Trust = z
  .object({
    mode: z.enum(['system', 'ca', 'pin', 'none']),
    server_name: z.string().nullable(),
    fingerprint: z.string().nullable().meta({ description: 'The pinned certificate' }),
    pinned_at: Timestamp.nullable(),
    authorities: z
      .array(z.object({ subject: z.string(), fingerprint: z.string(), expires_at: Timestamp }))
      .nullable()
      .meta({ description: 'Of mode ca' }),
    reason: z.string().nullable(),
    until: Timestamp.nullable(),
    warning: z.string().nullable().meta({ description: 'To be shown wherever the connection is shown' }),
  })
  .meta({ id: 'Trust' });
export type Trust = z.infer<typeof Trust>;

export const Certificate = z
  .object({
    fingerprint: z.string(),
    subject: z.string(),
    issuer: z.string(),
    names: z.array(z.string()),
    not_before: Timestamp,
    not_after: Timestamp,
    self_signed: z.boolean(),
  })
  .meta({ id: 'Certificate' });
export type Certificate = z.infer<typeof Certificate>;

/** What the other side shows in a TLS handshake in which nothing is sent. */
export const Inspection = z
  .object({
    origin: z.string(),
    address: z.string().nullable(),
    protocol: z.string().nullable(),
    chain: z.array(Certificate).meta({ description: 'Leaf first' }),
    trusted: z.boolean().meta({ description: 'By the trust asked about' }),
    reason: z.string().nullable().meta({ description: 'Why it is not trusted, or why nothing was shown' }),
    pinned: z.string().nullable().meta({ description: 'The certificate pinned until now' }),
    changed: z.boolean().meta({ description: 'It is another certificate than the pinned one' }),
  })
  .meta({ id: 'Inspection' });
export type Inspection = z.infer<typeof Inspection>;

export const InspectTrust = z
  .strictObject({
    url: z.string().max(300),
    trust: TrustInput.optional().meta({ description: 'Default: system' }),
  })
  .meta({ id: 'InspectTrust' });
export type InspectTrust = z.input<typeof InspectTrust>;
