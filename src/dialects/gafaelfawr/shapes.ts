import { z } from 'zod';

/** The shapes of answers. What is not known or not set is left out, except where null is spelled out. */

const seconds = z.int().meta({ description: 'Seconds since the epoch' });

export const NewToken = z.object({ token: z.string() });

export const Token = z.object({
  token: z.string().meta({ description: 'The key: the public part of the token' }),
  username: z.string(),
  token_type: z.string(),
  created: seconds,
  scopes: z.array(z.string()),
  token_name: z.string().optional(),
  expires: seconds.optional(),
  service: z.string().optional(),
  parent: z.string().optional(),
  last_used: seconds.optional(),
});

export const HistoryEntry = z.object({
  token: z.string(),
  username: z.string(),
  token_type: z.string(),
  token_name: z.string().optional(),
  parent: z.string().optional(),
  scopes: z.array(z.string()),
  service: z.string().optional(),
  expires: seconds.nullable(),
  actor: z.string(),
  action: z.enum(['create', 'edit', 'revoke', 'expire']),
  old_token_name: z.string().optional(),
  old_scopes: z.array(z.string()).optional(),
  old_expires: seconds.nullable().optional(),
  ip_address: z.string().nullable(),
  event_time: seconds,
});

const Group = z.object({ name: z.string(), id: z.int() });

export const QuotaShape = z.object({
  api: z.record(z.string(), z.int()),
  disk: z.record(z.string(), z.int()),
  notebook: z.object({ cpu: z.number(), memory: z.number(), spawn: z.boolean() }).optional(),
  tap: z.record(z.string(), z.object({ concurrent: z.int() })),
});

export const QuotaConfigShape = z.object({
  default: QuotaShape,
  groups: z.record(z.string(), QuotaShape),
  bypass: z.array(z.string()),
});

export const UserInfoShape = z.object({
  username: z.string(),
  name: z.string().optional(),
  email: z.string().optional(),
  uid: z.int().optional(),
  gid: z.int().optional(),
  groups: z.array(Group),
  quota: QuotaShape.optional(),
});

export const Login = z.object({
  csrf: z.string(),
  username: z.string(),
  scopes: z.array(z.string()),
  config: z.object({ scopes: z.array(z.object({ name: z.string(), description: z.string() })) }),
});

export const Discovery = z.object({
  services: z.object({
    internal: z.object({
      gafaelfawr: z.object({
        url: z.string(),
        versions: z.object({ v1: z.object({ url: z.string() }) }),
      }),
    }),
  }),
});
