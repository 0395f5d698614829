import { z } from 'zod';
import { Timestamp } from './common.ts';

/** Routes: the systems that callers reach through Tessera, and which scope which call needs. */

export const RouteName = z.string().min(1).max(40).meta({ example: 'lab' });
export const RouteKey = z
  .string()
  .min(1)
  .max(80)
  .meta({ description: 'Id or name of a route', example: 'lab' });

export const RouteRule = z
  .strictObject({
    methods: z
      .array(z.string().max(20))
      .max(20)
      .default([])
      .meta({ description: 'In capitals; empty: every method' }),
    path: z.string().min(1).max(500).meta({
      description: '`*` stands for part of a segment, `**` as the last segment for whatever follows',
      example: '/api/hosts/*',
    }),
    access: z.enum(['scopes', 'anyone', 'never']).default('scopes'),
    scopes: z
      .array(z.string().max(128))
      .max(20)
      .default([])
      .meta({ description: 'Holding any one suffices' }),
  })
  .meta({ id: 'RouteRule' });
export type RouteRule = z.input<typeof RouteRule>;

const Levels = {
  read: z.string(),
  power: z.string(),
  configure: z.string(),
  all: z.string(),
};

export const Route = z
  .object({
    id: z.string(),
    name: RouteName,
    connection: z
      .string()
      .nullable()
      .meta({ description: 'Id of the connection whose credential is put in' }),
    to: z.string().nullable().meta({ description: 'The system, where nothing is put in' }),
    kind: z.enum(['proxmox', 'foreman', 'osmo', 'gafaelfawr', 'http']),
    path: z
      .string()
      .nullable()
      .meta({ description: 'Where it is reached on this server', example: '/connect/lab/' }),
    host: z.string().nullable(),
    port: z.int().nullable(),
    port_tls: z.boolean().meta({ description: 'Ports of routes speak TLS on this server' }),
    levels: z
      .object(Levels)
      .nullable()
      .meta({ description: 'The scope of each level; null: only the rules count' }),
    rules: z.array(RouteRule),
    pass_headers: z.array(z.string()),
    max_concurrent: z.int(),
    first_byte_ms: z.int(),
    idle_ms: z.int(),
    created_at: Timestamp,
    created_by: z.string(),
    updated_at: Timestamp,
    updated_by: z.string(),
  })
  .meta({ id: 'Route' });
export type Route = z.infer<typeof Route>;
export const RouteList = z.object({ items: z.array(Route) }).meta({ id: 'RouteList' });

const settings = {
  host: z.string().max(253).nullable().optional(),
  port: z.int().nullable().optional(),
  by_path: z.boolean().optional(),
  rules: z.array(RouteRule).max(200).optional(),
  presets: z.boolean().optional().meta({ description: 'False: only the rules count' }),
  levels: z
    .strictObject({
      read: z.string().max(128).optional(),
      power: z.string().max(128).optional(),
      configure: z.string().max(128).optional(),
      all: z.string().max(128).optional(),
    })
    .optional()
    .meta({ description: 'Scopes of levels, where they are not to be `read:<name>` and so on' }),
  pass_headers: z.array(z.string().max(60)).max(50).optional(),
  max_concurrent: z.int().min(1).max(10_000).optional(),
  first_byte_ms: z.int().min(100).max(3_600_000).optional(),
  idle_ms: z.int().min(100).max(86_400_000).optional(),
};

export const CreateRoute = z
  .strictObject({
    name: RouteName,
    connection: z.string().max(80).optional(),
    to: z.string().max(255).optional(),
    ca: z.string().max(200_000).optional().meta({ description: 'PEM text of the authority of `to`' }),
    fingerprint: z.string().max(200).optional(),
    ...settings,
  })
  .meta({ id: 'CreateRoute' });
export type CreateRoute = z.input<typeof CreateRoute>;

export const ChangeRoute = z.strictObject(settings).meta({ id: 'ChangeRoute' });
export type ChangeRoute = z.input<typeof ChangeRoute>;

export const CheckRoute = z
  .strictObject({
    token: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .meta({ description: 'A token, its id, or none for a call without one' }),
    method: z.string().min(1).max(20),
    path: z.string().min(1).max(4000).meta({ description: 'Path and query as the other system sees them' }),
  })
  .meta({ id: 'CheckRoute' });
export type CheckRoute = z.input<typeof CheckRoute>;

export const RouteVerdict = z
  .object({
    allowed: z.boolean(),
    status: z.int().meta({ description: 'What a refused caller would be answered; 200 when allowed' }),
    reason: z.string(),
    rule: z.string().nullable().meta({ description: 'The rule that decides' }),
    needs: z.array(z.array(z.string())).meta({ description: 'One scope of each set is needed' }),
    missing: z.array(z.string()),
    username: z.string().nullable(),
    token_id: z.string().nullable(),
  })
  .meta({ id: 'RouteVerdict' });
export type RouteVerdict = z.infer<typeof RouteVerdict>;
