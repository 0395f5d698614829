import { z } from 'zod';

/** What the shapes around connections are made of. */

export const ConnectionKind = z.enum(['proxmox', 'foreman', 'osmo', 'gafaelfawr', 'http']);
export type ConnectionKind = z.infer<typeof ConnectionKind>;

export const ConnectionMethod = z.enum(['token', 'password', 'bearer', 'basic', 'header']);
export type ConnectionMethod = z.infer<typeof ConnectionMethod>;

/** A name never looks like an id (UUID), so that either can stand in a path. */
export const ConnectionName = z.string().min(1).max(80).meta({ example: 'pve-lab' });
export const ConnectionKey = z
  .string()
  .min(1)
  .max(80)
  .meta({ description: 'Id or name of a connection', example: 'pve-lab' });

export const SecretText = z.string().max(8192);
