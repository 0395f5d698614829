import { z } from 'zod';

/** Bodies, queries and answers of the Foreman part of Atlas. Keys that are not known are passed over, as there. */

const Token = z
  .string()
  .max(5000)
  .meta({ description: '`login:token`, cut at the first colon, or the token alone with `username`' });

const Trusting = {
  verify_ssl: z.boolean().optional().meta({ description: 'False: nobody is checked, for a year at most' }),
  ca: z
    .string()
    .max(48_000)
    .optional()
    .meta({ description: 'PEM text of an authority for this Foreman alone' }),
  fingerprint: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'SHA-256 of the one certificate to accept' }),
};

const Name = z.string().refine((text) => [...text.trim()].length <= 80, 'must have at most 80 characters');
const BaseUrl = z.string().refine((text) => text.trim().length <= 255, 'must have at most 255 characters');
const Login = z.string().refine((text) => text.trim().length <= 128, 'must have at most 128 characters');

export const NewConfig = z.object({
  name: Name,
  base_url: BaseUrl,
  token: Token,
  username: Login.nullish(),
  ...Trusting,
});

export const ConfigChange = z.object({
  name: Name.nullish(),
  base_url: BaseUrl.nullish(),
  token: Token.nullish(),
  username: Login.nullish(),
  ...Trusting,
});

export const Config = z
  .object({
    id: z.string(),
    name: z.string(),
    base_url: z.string(),
    username: z.string().optional(),
    verify_ssl: z.boolean(),
    has_credentials: z.boolean(),
    created_at: z.string(),
    updated_at: z.string(),
    expires_at: z.string().optional(),
    warnings: z.array(z.string()).optional(),
    last_test: z.object({ at: z.string(), status: z.string(), message: z.string() }).optional(),
  })
  .meta({ id: 'ForemanConfig' });
export type Config = z.infer<typeof Config>;

export const ConfigTest = z
  .object({
    status: z.enum(['success', 'error']),
    message: z.string(),
    base_url: z.string(),
    reason: z
      .enum(['auth', 'lockout', 'permission', 'tls', 'network', 'not_foreman', 'redirect', 'input'])
      .optional(),
    foreman_version: z.string().optional(),
    api_version: z.number().optional(),
    login: z.string().optional(),
    user_id: z.number().optional(),
    admin: z.boolean().optional(),
    latency_ms: z.number(),
    code: z.string().optional(),
    fix: z.string().optional(),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'ForemanConfigTest' });
export type ConfigTest = z.infer<typeof ConfigTest>;

export const Instance = z.object({
  id: z.string(),
  name: z.string(),
  base_url: z.string(),
  username: z.string().nullable(),
  verify_ssl: z.boolean(),
  has_credentials: z.boolean(),
  last_refresh: z.string().nullable(),
  host_count: z.number().nullable(),
});

export const Deleted = z.object({ status: z.literal('deleted') });
export const OneConfig = z.object({ id: z.string().max(80) });
export const OneHost = z.object({ host: z.string().min(1).max(255) });
export const Chosen = z.object({ config_id: z.string().max(80).optional() });
export const Searched = Chosen.extend({
  search: z.string().max(1000).optional(),
  refresh: z.string().optional().meta({ description: 'Answers are always live' }),
});
export const Results = z.looseObject({ results: z.unknown(), total: z.number() });
export const AtlasError = z
  .object({ detail: z.union([z.string(), z.array(z.looseObject({ type: z.string(), msg: z.string() }))]) })
  .meta({ id: 'AtlasError' });
