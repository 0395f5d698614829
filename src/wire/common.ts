import { z } from 'zod';
import { DURATION } from '../base/duration.ts';

/** RFC 3339 in UTC, whole seconds: `2026-12-31T00:00:00Z`. */
export const Timestamp = z
  .string()
  .meta({ description: 'RFC 3339 date and time in UTC', example: '2026-12-31T00:00:00Z' });

/** What a person may send as an end of life: a date (its first moment in UTC), or a date and time with zone. */
export const Moment = z
  .string()
  .regex(
    /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/,
    'write a date as YYYY-MM-DD, or a date and time with zone as 2026-12-31T12:00:00Z',
  )
  .meta({
    description: 'A date (00:00 UTC of that day) or an RFC 3339 date and time',
    example: '2026-12-31',
  });

/** `90d`, `12h`, `30m`, `3600s`. */
export const Duration = z
  .string()
  .regex(DURATION, 'write a duration as a number and a unit: 30m, 12h, 90d')
  .meta({ description: 'A duration: a number and s, m, h or d', example: '90d' });

export const Username = z.string().min(1).max(64).meta({ example: 'alice' });
export const TokenId = z
  .string()
  .min(1)
  .max(64)
  .meta({ description: 'Public id of a token', example: '0123456789ABCDEFGHIJKL' });

export const FieldProblem = z.object({ field: z.string(), message: z.string() });

/** RFC 9457 problem document; `code` is stable and meant for programs. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    fix: z.string().optional(),
    errors: z.array(FieldProblem).optional(),
    required_scopes: z.array(z.string()).optional(),
    request_id: z.string(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;

export const Page = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(200).optional(),
});

export const listOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next_cursor: z.string().nullable() });
