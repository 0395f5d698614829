import { z } from 'zod';
import { Problem, Timestamp } from './common.ts';
import { ConnectionMethod } from './connection-parts.ts';

/** What a test of a connection finds, and what its credential may do. */

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
      .meta({ description: '0 good, 2 settings, 3 network or TLS, 4 authentication, 5 rights or objects' }),
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

/**
 * One line of a test that is watched (`application/x-ndjson`): the layer that is looked at now with what was found
 * until then, and one last line: the report, or why there is none.
 */
export const TestLine = z
  .union([
    z.object({ layer: Layer, findings: z.array(Finding) }),
    z.object({ report: TestReport }),
    z.object({ problem: Problem }),
  ])
  .meta({ id: 'TestLine' });
export type TestLine = z.infer<typeof TestLine>;

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
