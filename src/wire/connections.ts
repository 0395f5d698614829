import { z } from 'zod';
import { Timestamp } from './common.ts';
import { ConnectionKind, ConnectionMethod, ConnectionName, SecretText } from './connection-parts.ts';
import { Trust, TrustInput } from './connection-trust.ts';
import { Expectations, Finding, TestReport, Verdict } from './diagnosis.ts';

/**
 * Connections: the systems we talk to and the credentials we hold for them. What comes in may carry secrets;
 * nothing that goes out does, except the one answer that hands out a new credential.
 */

export const LastTest = z
  .object({
    at: Timestamp,
    ok: z.boolean(),
    verdict: Verdict,
    sentence: z.string(),
    findings: z.array(Finding),
  })
  .meta({ id: 'LastTest' });

export const Connection = z
  .object({
    id: z.uuidv4(),
    name: ConnectionName,
    kind: ConnectionKind,
    origin: z.string().meta({ example: 'https://pve.example:8006' }),
    trust: Trust,
    method: ConnectionMethod.nullable().meta({ description: 'Null: no credential is stored' }),
    identity: z.string().nullable().meta({ description: 'Whom the credential speaks for; never secret' }),
    has_fallback: z.boolean(),
    fallback_identity: z.string().nullable(),
    fallback_enabled: z
      .boolean()
      .meta({ description: 'Whether the fallback is used after the credential was refused' }),
    credential_expires_at: Timestamp.nullable(),
    credential_version: z.int().meta({ description: 'Grows each time the secret is replaced' }),
    last_test: LastTest.nullable(),
    state: z
      .enum(['untested', 'healthy', 'warnings', 'failed', 'stopped'])
      .meta({ description: 'stopped: trust no longer holds and nothing is sent' }),
    created_at: Timestamp,
    created_by: z.string(),
    updated_at: Timestamp,
    updated_by: z.string(),
  })
  .meta({ id: 'Connection' });
export type Connection = z.infer<typeof Connection>;

export const ConnectionList = z.object({ items: z.array(Connection) }).meta({ id: 'ConnectionList' });
export type ConnectionList = z.infer<typeof ConnectionList>;

export const ConnectionQuery = z.strictObject({
  kind: ConnectionKind.optional(),
  search: z.string().max(100).optional().meta({ description: 'Part of the name or the origin' }),
});
export type ConnectionQuery = z.input<typeof ConnectionQuery>;

/** As typed or pasted: a part that holds more than its own (`user@realm!name=secret`) is taken apart. */
export const CredentialInput = z
  .strictObject({
    method: z.enum(['token', 'password', 'bearer', 'basic', 'header', 'query']).optional(),
    user: z.string().max(256).optional().meta({ description: 'user@realm, or a login' }),
    name: z.string().max(256).optional().meta({ description: 'Name of a token or of a header' }),
    secret: SecretText.optional(),
  })
  .meta({ id: 'CredentialInput' });
export type CredentialInput = z.input<typeof CredentialInput>;

export const FallbackInput = z
  .strictObject({
    user: z.string().max(256).optional().meta({ description: 'Default: the user of the credential' }),
    password: SecretText,
    enabled: z
      .boolean()
      .default(false)
      .meta({ description: 'Use it after the credential was refused; each use is recorded and shown' }),
  })
  .meta({ id: 'FallbackInput' });
export type FallbackInput = z.input<typeof FallbackInput>;

const target = {
  kind: ConnectionKind,
  url: z.string().max(300).meta({ example: 'https://pve.example:8006' }),
  trust: TrustInput.optional().meta({ description: 'Default: system' }),
};

export const CreateConnection = z
  .strictObject({
    name: ConnectionName,
    ...target,
    credential: CredentialInput.optional().meta({
      description: 'Absent: the fallback becomes the credential, or the connection has none yet',
    }),
    fallback: FallbackInput.optional(),
    test: z
      .boolean()
      .default(true)
      .meta({ description: 'Try it first and store nothing that fails (code connection_failed)' }),
    expect: Expectations.optional(),
  })
  .meta({ id: 'CreateConnection' });
export type CreateConnection = z.input<typeof CreateConnection>;

/** What is absent stays. A new url or kind asks for the credential again: a secret never moves to another host. */
export const ChangeConnection = z
  .strictObject({
    name: ConnectionName.optional(),
    url: z.string().max(300).optional(),
    trust: TrustInput.optional(),
    credential: CredentialInput.optional(),
    fallback: FallbackInput.nullable().optional().meta({ description: 'Null removes it' }),
    fallback_enabled: z.boolean().optional(),
    test: z.boolean().default(true),
    expect: Expectations.optional(),
  })
  .meta({ id: 'ChangeConnection' });
export type ChangeConnection = z.input<typeof ChangeConnection>;

export const SavedConnection = z
  .object({
    connection: Connection,
    report: TestReport.nullable().meta({ description: 'Of the check before saving; null without one' }),
    warnings: z.array(Finding).meta({ description: 'Remarks on what was typed' }),
  })
  .meta({ id: 'SavedConnection' });
export type SavedConnection = z.infer<typeof SavedConnection>;

export const TestStored = z
  .strictObject({
    expect: Expectations.optional(),
    probe_password: SecretText.optional().meta({
      description: "The token owner's password, for one login that narrows down why the token is refused",
    }),
  })
  .meta({ id: 'TestStored' });
export type TestStored = z.input<typeof TestStored>;

/** Values that are tried and not stored. */
export const TestValues = z
  .strictObject({
    ...target,
    credential: CredentialInput,
    fallback: FallbackInput.optional(),
    expect: Expectations.optional(),
    probe_password: SecretText.optional(),
  })
  .meta({ id: 'TestValues' });
export type TestValues = z.input<typeof TestValues>;

export const RightsQuery = z.strictObject({
  for: z.string().min(1).max(64).meta({ description: 'Task', example: 'clone-vm' }),
  node: z.string().max(64).optional(),
  template: z.coerce.number().int().min(1).optional(),
  storage: z.string().max(64).optional(),
  bridge: z.string().max(64).optional(),
  pool: z.string().max(128).optional(),
  privileges: z
    .string()
    .max(4000)
    .optional()
    .meta({ description: 'Compare this list, separated by commas, in place of what the credential holds' }),
});
export type RightsQuery = z.input<typeof RightsQuery>;

export const KindFacts = z
  .object({
    kind: ConnectionKind,
    default_port: z.int(),
    methods: z.array(ConnectionMethod),
    tasks: z.array(z.object({ name: z.string(), description: z.string() })),
  })
  .meta({ id: 'ConnectionKindFacts' });
export const KindList = z.object({ items: z.array(KindFacts) }).meta({ id: 'ConnectionKindList' });
export type KindList = z.infer<typeof KindList>;
