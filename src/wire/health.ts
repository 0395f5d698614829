import { z } from 'zod';

export const Health = z
  .object({
    status: z.string(),
    connections: z
      .array(
        z.object({
          name: z.string(),
          kind: z.string(),
          url: z.string(),
          certificate: z.enum(['verified', 'pinned', 'not_verified', 'no_tls']),
        }),
      )
      .optional()
      .meta({ description: 'For whoever may read connections; the systems themselves are not asked' }),
  })
  .meta({ id: 'Health' });
export type Health = z.infer<typeof Health>;
