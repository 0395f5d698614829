import { z } from 'zod';
import { Moment, Timestamp } from './common.ts';
import { ConnectionKey, ConnectionKind, ConnectionMethod, ConnectionName } from './connection-parts.ts';
import { TrustInput } from './connection-trust.ts';
import { Connection, CredentialInput } from './connections.ts';
import { Expectations, Finding } from './diagnosis.ts';

/** Making, replacing and revoking credentials in the systems behind connections. */

/** An administrator's login, used for this one call and kept nowhere. */
export const RotateCredential = z
  .strictObject({ admin: CredentialInput.optional() })
  .meta({ id: 'RotateCredential' });
export type RotateCredential = z.input<typeof RotateCredential>;

export const RotatedCredential = z
  .object({
    connection: Connection,
    overlap: z.boolean().meta({ description: 'The old secret worked until the new one was stored' }),
    warnings: z.array(Finding).meta({ description: 'What could not be cleared away' }),
  })
  .meta({ id: 'RotatedCredential' });
export type RotatedCredential = z.infer<typeof RotatedCredential>;

export const MakeCredential = z
  .strictObject({
    connection: ConnectionKey.optional().meta({
      description: 'Where: the system behind this connection. Instead of kind, url and trust',
    }),
    kind: ConnectionKind.optional(),
    url: z.string().max(300).optional(),
    trust: TrustInput.optional(),
    admin: CredentialInput.optional().meta({
      description: 'Used once and forgotten; absent: the credential of the connection',
    }),
    wish: z.strictObject({
      name: z.string().min(1).max(128).meta({ description: 'Name of the new token' }),
      user: z.string().max(256).optional().meta({ description: 'For whom; absent: for the one who asks' }),
      expires_at: Moment.nullable().optional(),
      task: z.string().max(64).optional().meta({ description: 'Recipe whose rights it gets' }),
      scopes: z.array(z.string().max(128)).max(200).optional(),
      description: z.string().max(500).optional(),
      expect: Expectations.optional(),
    }),
    store_as: ConnectionName.optional().meta({ description: 'Store it as a new connection of this name' }),
    store_in: ConnectionKey.optional().meta({ description: 'Replace the credential of this connection' }),
    reveal: z
      .boolean()
      .optional()
      .meta({ description: 'Show the secret in the answer; default: only where it is not stored' }),
  })
  .meta({ id: 'MakeCredential' });
export type MakeCredential = z.input<typeof MakeCredential>;

export const MadeCredential = z
  .object({
    method: ConnectionMethod,
    identity: z.string(),
    secret: z.string().nullable().meta({ description: 'Shown this one time, or null' }),
    expires_at: Timestamp.nullable(),
    done: z.array(z.string()).meta({ description: 'What was made upstream, in order' }),
    connection: Connection.nullable(),
  })
  .meta({ id: 'MadeCredential' });
export type MadeCredential = z.infer<typeof MadeCredential>;

export const UpstreamToken = z
  .object({
    id: z.string(),
    name: z.string(),
    active: z.boolean(),
    expires_at: Timestamp.nullable(),
    created_at: Timestamp.nullable(),
  })
  .meta({ id: 'UpstreamToken' });
export const UpstreamTokenList = z
  .object({ items: z.array(UpstreamToken) })
  .meta({ id: 'UpstreamTokenList' });
export type UpstreamTokenList = z.infer<typeof UpstreamTokenList>;

export const UpstreamTokenQuery = z.strictObject({
  user: z.string().max(256).optional().meta({ description: 'Whose; default: those of the credential' }),
});
export type UpstreamTokenQuery = z.input<typeof UpstreamTokenQuery>;

/** An administrator's login for this one call: in Foreman 1.24 only administrators may revoke. */
export const RevokeUpstreamToken = z
  .strictObject({ user: z.string().max(256).optional(), admin: CredentialInput.optional() })
  .meta({ id: 'RevokeUpstreamToken' });
export type RevokeUpstreamToken = z.input<typeof RevokeUpstreamToken>;

export const RevokeCredential = z
  .strictObject({ admin: CredentialInput.optional() })
  .meta({ id: 'RevokeCredential' });
export type RevokeCredential = z.input<typeof RevokeCredential>;
