import { z } from 'zod';
import { Timestamp, Username } from './common.ts';

export const Group = z.object({ name: z.string().min(1).max(128), id: z.int() });

const info = {
  name: z.string().min(1).max(200).nullable().optional().meta({ description: 'Full name' }),
  email: z.string().min(1).max(200).nullable().optional(),
  uid: z.int().min(1).nullable().optional(),
  gid: z.int().min(1).nullable().optional(),
  groups: z.array(Group).max(500).nullable().optional(),
};

export const RoleGrant = z
  .object({ username: Username, role: z.string(), granted_by: z.string(), granted_at: Timestamp })
  .meta({ id: 'RoleGrant' });
export type RoleGrant = z.infer<typeof RoleGrant>;

export const User = z
  .object({
    username: Username,
    kind: z.enum(['user', 'bot']),
    name: z.string().nullable(),
    email: z.string().nullable(),
    uid: z.int().nullable(),
    gid: z.int().nullable(),
    groups: z.array(Group).nullable(),
    disabled: z.boolean(),
    has_password: z.boolean(),
    identity: z
      .object({ issuer: z.string(), subject: z.string() })
      .nullable()
      .meta({ description: 'Who this is at the OpenID Connect provider, when one may sign in with it' }),
    created_at: Timestamp,
    created_by: z.string(),
    roles: z.array(RoleGrant),
  })
  .meta({ id: 'User' });
export type User = z.infer<typeof User>;

export const UserQuery = z.strictObject({
  kind: z.enum(['user', 'bot']).optional(),
  prefix: z.string().max(64).optional(),
  role: z.string().max(64).optional(),
});
export type UserQuery = z.input<typeof UserQuery>;

export const UserList = z.object({ items: z.array(User) }).meta({ id: 'UserList' });

export const CreateUser = z
  .strictObject({
    username: Username,
    password: z
      .string()
      .max(1000)
      .optional()
      .meta({ description: 'At least 10 characters; without it the user cannot sign in by name' }),
    roles: z.array(z.string().max(64)).max(100).optional(),
    ...info,
  })
  .meta({ id: 'CreateUser' });
export type CreateUser = z.input<typeof CreateUser>;

export const ChangeUser = z
  .strictObject({ disabled: z.boolean().optional(), ...info })
  .meta({ id: 'ChangeUser' });
export type ChangeUser = z.input<typeof ChangeUser>;

export const LinkIdentity = z
  .strictObject({
    subject: z
      .string()
      .regex(/^[\x20-\x7e]{1,255}$/, 'must be 1 to 255 ASCII characters')
      .meta({ description: "The account at the provider: claim 'sub' of its ID tokens" }),
  })
  .meta({ id: 'LinkIdentity' });
export type LinkIdentity = z.input<typeof LinkIdentity>;

export const SetPassword = z
  .strictObject({ password: z.string().max(1000), old_password: z.string().max(1000).optional() })
  .meta({ id: 'SetPassword' });
export type SetPassword = z.input<typeof SetPassword>;

export const Role = z
  .object({ name: z.string(), description: z.string(), scopes: z.array(z.string()), builtin: z.boolean() })
  .meta({ id: 'Role' });
export type Role = z.infer<typeof Role>;
export const RoleList = z.object({ items: z.array(Role) }).meta({ id: 'RoleList' });

export const CreateRole = z
  .strictObject({
    name: z.string().min(1).max(64),
    description: z.string().max(500).default(''),
    scopes: z.array(z.string().max(128)).max(500),
  })
  .meta({ id: 'CreateRole' });
export type CreateRole = z.input<typeof CreateRole>;

export const ChangeRole = z
  .strictObject({
    description: z.string().max(500).optional(),
    scopes: z.array(z.string().max(128)).max(500).optional(),
  })
  .meta({ id: 'ChangeRole' });
export type ChangeRole = z.input<typeof ChangeRole>;

export const RoleHolders = z.object({ items: z.array(RoleGrant) }).meta({ id: 'RoleHolders' });

export const Scope = z
  .object({ name: z.string(), description: z.string(), builtin: z.boolean() })
  .meta({ id: 'Scope' });
export type Scope = z.infer<typeof Scope>;
export const ScopeList = z.object({ items: z.array(Scope) }).meta({ id: 'ScopeList' });

export const CreateScope = z
  .strictObject({ name: z.string().min(1).max(128), description: z.string().min(1).max(500) })
  .meta({ id: 'CreateScope' });
export type CreateScope = z.input<typeof CreateScope>;
