import { z } from 'zod';
import { Moment, Timestamp } from './common.ts';

/**
 * Connections: the systems we talk to and the credentials we hold for them. What comes in may carry secrets;
 * nothing that goes out does, except the one answer that hands out a new credential.
 */

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

const Secret = z.string().max(8192);

// ---- trust ----

/** How the other side proves who it is. Decided before anything is sent. */
export const TrustInput = z
  .discriminatedUnion('mode', [
    z.strictObject({
      mode: z.literal('system').meta({ description: 'An authority known to this machine' }),
      server_name: z.string().min(1).max(253).optional(),
    }),
    z.strictObject({
      mode: z.literal('ca'),
      ca: z.string().max(48_000).meta({ description: 'PEM text of the authority' }),
      server_name: z
        .string()
        .min(1)
        .max(253)
        .optional()
        .meta({ description: 'The name to look for in the certificate, where it is not the host' }),
    }),
    z.strictObject({
      mode: z.literal('pin'),
      fingerprint: z.string().max(200).meta({ description: 'SHA-256 of the certificate, in any spelling' }),
    }),
    z.strictObject({
      mode: z.literal('none').meta({ description: 'Nobody is checked; asks for a reason and an end' }),
      reason: z.string().min(1).max(500),
      until: Moment,
    }),
  ])
  .meta({ id: 'TrustChoice' });
export type TrustInput = z.input<typeof TrustInput>;

export const Trust = z
  .object({
    mode: z.enum(['system', 'ca', 'pin', 'none']),
    server_name: z.string().nullable(),
    fingerprint: z.string().nullable().meta({ description: 'The pinned certificate' }),
    pinned_at: Timestamp.nullable(),
    authorities: z
      .array(z.object({ subject: z.string(), fingerprint: z.string(), expires_at: Timestamp }))
      .nullable()
      .meta({ description: 'Of mode ca' }),
    reason: z.string().nullable(),
    until: Timestamp.nullable(),
    warning: z.string().nullable().meta({ description: 'To be shown wherever the connection is shown' }),
  })
  .meta({ id: 'Trust' });
export type Trust = z.infer<typeof Trust>;

export const Certificate = z
  .object({
    fingerprint: z.string(),
    subject: z.string(),
    issuer: z.string(),
    names: z.array(z.string()),
    not_before: Timestamp,
    not_after: Timestamp,
    self_signed: z.boolean(),
  })
  .meta({ id: 'Certificate' });
export type Certificate = z.infer<typeof Certificate>;

/** What the other side shows in a TLS handshake in which nothing is sent. */
export const Inspection = z
  .object({
    origin: z.string(),
    address: z.string().nullable(),
    protocol: z.string().nullable(),
    chain: z.array(Certificate).meta({ description: 'Leaf first' }),
    trusted: z.boolean().meta({ description: 'By the trust asked about' }),
    reason: z.string().nullable().meta({ description: 'Why it is not trusted, or why nothing was shown' }),
    pinned: z.string().nullable().meta({ description: 'The certificate pinned until now' }),
    changed: z.boolean().meta({ description: 'It is another certificate than the pinned one' }),
  })
  .meta({ id: 'Inspection' });
export type Inspection = z.infer<typeof Inspection>;

export const InspectTrust = z
  .strictObject({
    url: z.string().max(300),
    trust: TrustInput.optional().meta({ description: 'Default: system' }),
  })
  .meta({ id: 'InspectTrust' });
export type InspectTrust = z.input<typeof InspectTrust>;

// ---- diagnosis ----

export const Layer = z.enum([
  'format',
  'dns',
  'tcp',
  'tls',
  'product',
  'authentication',
  'rights',
  'objects',
]);
export type Layer = z.infer<typeof Layer>;

export const Finding = z
  .object({
    code: z.string(),
    probe: z.string(),
    layer: Layer,
    severity: z.enum(['blocking', 'warning']),
    evidence: z.string(),
    sentence: z.string(),
    fix: z.string(),
  })
  .meta({ id: 'Finding' });
export type Finding = z.infer<typeof Finding>;

export const Verdict = z.enum(['healthy', 'warnings', 'failed']);
export type Verdict = z.infer<typeof Verdict>;

export const Rights = z
  .object({
    task: z.string(),
    lines: z.array(
      z.object({
        step: z.string(),
        path: z.string(),
        needs: z.array(z.string()).meta({ description: 'One of these suffices' }),
        held: z.boolean(),
      }),
    ),
    missing: z.array(z.string()),
    fix: z.array(z.string()).meta({ description: 'Commands that close the gap' }),
    obsolete: z.array(z.string()).optional(),
    unneeded: z.array(z.string()).optional(),
  })
  .meta({ id: 'Rights' });
export type Rights = z.infer<typeof Rights>;

export const TestReport = z
  .object({
    at: Timestamp,
    ok: z.boolean(),
    verdict: Verdict,
    sentence: z.string().meta({ description: 'The verdict in one sentence' }),
    exit_code: z
      .int()
      .meta({ description: '0 good, 3 network or TLS, 4 authentication, 5 rights or objects' }),
    layers: z
      .array(z.object({ layer: Layer, state: z.enum(['passed', 'warned', 'failed', 'not_reached']) }))
      .meta({ description: 'In the order they were tried' }),
    findings: z.array(Finding),
    identity: z.string().nullable().meta({ description: 'Whom the other side takes us for' }),
    version: z.string().nullable(),
    credential_expires_at: Timestamp.nullable(),
    fingerprint: z.string().nullable(),
    method: ConnectionMethod.meta({ description: 'The credential that was tried' }),
    fell_back: z
      .boolean()
      .meta({ description: 'The first credential was refused and the fallback was used in its place' }),
    facts: z.record(z.string(), z.unknown()).meta({ description: 'What the kind of system tells' }),
    duration_ms: z.int(),
  })
  .meta({ id: 'TestReport' });
export type TestReport = z.infer<typeof TestReport>;

/** What the connection is meant to be able to do; what is absent is not looked at. */
export const Expectations = z
  .strictObject({
    task: z.string().max(64).optional(),
    node: z.string().max(64).optional(),
    templates: z
      .array(z.strictObject({ id: z.int().min(1), version: z.string().max(20).optional() }))
      .max(50)
      .optional(),
    storage: z.string().max(64).optional(),
    bridge: z.string().max(64).optional(),
    pool: z.string().max(128).optional(),
    disk_gib: z.number().min(0).optional(),
    guest: z.int().min(1).optional(),
    new_guest: z.int().min(1).optional(),
    guest_name: z.string().max(255).optional(),
    upid: z.string().max(500).optional(),
    privileges: z.array(z.string().max(64)).max(200).optional(),
    path: z.string().max(1000).optional(),
  })
  .meta({ id: 'Expectations' });
export type Expectations = z.input<typeof Expectations>;

// ---- the connection itself ----

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
    secret: Secret.optional(),
  })
  .meta({ id: 'CredentialInput' });
export type CredentialInput = z.input<typeof CredentialInput>;

export const FallbackInput = z
  .strictObject({
    user: z.string().max(256).optional().meta({ description: 'Default: the user of the credential' }),
    password: Secret,
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
    probe_password: Secret.optional().meta({
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
    probe_password: Secret.optional(),
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

// ---- making, replacing and revoking credentials upstream ----

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

// ---- inventory ----

export const HostQuery = z.strictObject({
  search: z.string().max(1000).optional().meta({ description: "Foreman's own search language" }),
  organization_id: z.coerce.number().int().min(1).optional(),
  location_id: z.coerce.number().int().min(1).optional(),
  per_page: z.coerce.number().int().min(1).max(1000).default(100),
});
export type HostQuery = z.input<typeof HostQuery>;

/**
 * One line of a listing (`application/x-ndjson`): pages as they arrive, then exactly one last line that says
 * whether the list is whole.
 */
export const InventoryLine = z
  .union([
    z.object({
      rows: z.array(z.record(z.string(), z.unknown())),
      total: z.int().meta({ description: 'Rows the credential may see' }),
      subtotal: z.int().meta({ description: 'Rows that match the search' }),
      seen: z.int().meta({ description: 'Rows so far, these included' }),
    }),
    z.object({ end: z.literal('complete'), seen: z.int() }),
    z.object({ end: z.literal('failed'), seen: z.int(), finding: Finding }),
  ])
  .meta({ id: 'InventoryLine' });
export type InventoryLine = z.infer<typeof InventoryLine>;

export const HostPart = z.enum(['facts', 'parameters', 'puppetclasses']);
/** A host as Foreman tells it. */
export const Host = z.record(z.string(), z.unknown()).meta({ id: 'Host' });
export const HostDetails = z.object({ value: z.unknown() }).meta({ id: 'HostDetails' });

export const NodeList = z
  .object({ items: z.array(z.object({ name: z.string(), status: z.string() })) })
  .meta({ id: 'NodeList' });
export type NodeList = z.infer<typeof NodeList>;

export const Template = z
  .object({
    id: z.int(),
    name: z.string(),
    node: z.string(),
    type: z.enum(['qemu', 'lxc']),
    os_type: z.string().nullable(),
    cloud_init: z.boolean().nullable(),
    agent: z.boolean().nullable(),
    storage: z.string().nullable(),
    bridge: z.string().nullable(),
    disk_gib: z.number().nullable(),
    unreadable: z.string().nullable().meta({ description: 'Why its configuration could not be read' }),
  })
  .meta({ id: 'Template' });
export const TemplateList = z.object({ items: z.array(Template) }).meta({ id: 'TemplateList' });
export type TemplateList = z.infer<typeof TemplateList>;

// ---- doctor and events ----

export const DoctorQuery = z.strictObject({
  connection: ConnectionKey.optional(),
  kind: ConnectionKind.optional(),
});
export type DoctorQuery = z.input<typeof DoctorQuery>;

export const Doctor = z
  .object({
    at: Timestamp,
    ok: z.boolean(),
    exit_code: z.int().meta({ description: 'Of the first layer at which any connection fails' }),
    sentence: z.string(),
    items: z.array(
      z.object({ connection: Connection, report: TestReport.nullable(), problem: z.string().nullable() }),
    ),
  })
  .meta({ id: 'Doctor' });
export type Doctor = z.infer<typeof Doctor>;

export const EventKind = z.enum([
  'credential_refused',
  'credential_accepted_again',
  'credential_ending',
  'certificate_changed',
  'trust_ending',
  'fallback_used',
]);
export type EventKind = z.infer<typeof EventKind>;

export const Event = z
  .object({
    id: z.int(),
    at: Timestamp,
    kind: EventKind,
    connection: z.object({ id: z.string(), name: z.string() }),
    code: z.string().meta({ description: 'Code of the finding behind it' }),
    sentence: z.string(),
    fix: z.string(),
    acknowledged_at: Timestamp.nullable(),
    acknowledged_by: z.string().nullable(),
    delivered_at: Timestamp.nullable().meta({ description: 'When the webhook took it' }),
  })
  .meta({ id: 'Event' });
export type Event = z.infer<typeof Event>;

export const EventQuery = z.strictObject({
  connection: ConnectionKey.optional(),
  state: z.enum(['open', 'acknowledged', 'all']).default('open'),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  after: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .meta({ description: 'Only newer than this id, oldest first' }),
});
export type EventQuery = z.input<typeof EventQuery>;
export const EventList = z.object({ items: z.array(Event) }).meta({ id: 'EventList' });
export type EventList = z.infer<typeof EventList>;

/** An administrator's login for this one call: in Foreman 1.24 only administrators may revoke. */
export const RevokeUpstreamToken = z
  .strictObject({ user: z.string().max(256).optional(), admin: CredentialInput.optional() })
  .meta({ id: 'RevokeUpstreamToken' });
export type RevokeUpstreamToken = z.input<typeof RevokeUpstreamToken>;

export const RevokeCredential = z
  .strictObject({ admin: CredentialInput.optional() })
  .meta({ id: 'RevokeCredential' });
export type RevokeCredential = z.input<typeof RevokeCredential>;

/** With which deliveries to the webhook are signed: `X-Tessera-Signature: t=SECONDS,v1=HEX`. */
export const WebhookKey = z
  .object({
    configured: z.boolean().meta({ description: 'Whether TESSERA_WEBHOOK_URL is set' }),
    key: z.string().meta({ description: 'Key of HMAC-SHA-256 over "t.body"' }),
  })
  .meta({ id: 'WebhookKey' });
export type WebhookKey = z.infer<typeof WebhookKey>;
