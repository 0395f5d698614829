import { z } from 'zod';
import { listOf, Page, Timestamp } from './common.ts';

export const AuditRow = z
  .object({
    seq: z.int(),
    at: Timestamp,
    action: z.string(),
    actor: z.string(),
    token: z.string().nullable(),
    address: z.string().nullable(),
    subject: z.string().nullable(),
    route: z.string().nullable(),
    method: z.string().nullable(),
    path: z.string().nullable(),
    status: z.int().nullable(),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditRow' });
export type AuditRow = z.infer<typeof AuditRow>;

export const AuditQuery = Page.extend({
  actor: z.string().max(64).optional(),
  action: z.string().max(64).optional(),
  subject: z.string().max(128).optional(),
  token: z.string().max(64).optional(),
  route: z.string().max(128).optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
  after_seq: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .meta({ description: 'Only newer than this, oldest first: for following' }),
});
export type AuditQuery = z.input<typeof AuditQuery>;

export const AuditList = listOf(AuditRow).meta({ id: 'AuditList' });
export type AuditList = z.infer<typeof AuditList>;

export const AuditVerification = z
  .object({
    intact: z.boolean(),
    rows: z.int(),
    faults: z.array(
      z.object({
        kind: z.enum(['edited', 'missing', 'truncated', 'rolled_back', 'unreadable']),
        seq: z.int(),
        message: z.string(),
      }),
    ),
  })
  .meta({ id: 'AuditVerification' });
export type AuditVerification = z.infer<typeof AuditVerification>;
