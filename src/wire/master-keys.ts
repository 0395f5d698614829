import { z } from 'zod';

/** One batch of the online re-wrap; called again until `remaining` is 0. */
export const RewrapQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(5000).default(500) });
export type RewrapQuery = z.input<typeof RewrapQuery>;

export const RewrapReport = z
  .object({
    active_key: z.string().meta({ description: 'Id of the master key that wraps new values' }),
    rewrapped: z.int().meta({ description: 'Values wrapped anew by this call' }),
    remaining: z.int().meta({ description: 'Values still wrapped by another key' }),
    total: z.int(),
    failed: z
      .array(z.object({ place: z.string(), reason: z.string() }))
      .meta({ description: 'Values that could not be opened; they stay as they are' }),
    by_key: z
      .record(z.string(), z.int())
      .meta({ description: 'Values by the id of the key that wraps them' }),
  })
  .meta({ id: 'RewrapReport' });
export type RewrapReport = z.infer<typeof RewrapReport>;
