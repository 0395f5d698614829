import type { z } from 'zod';
import type { Examination } from '../../../connections/examine.ts';
import type { Shown } from '../../../connections/inspect.ts';
import type { TemplateView } from '../../../connections/inventory.ts';
import type { ConnectionRecord, EventRecord } from '../../../connections/record.ts';
import type { Checked } from '../../../connections/testing.ts';
import { trustWarning } from '../../../connections/trust.ts';
import { readAuthorities } from '../../../crypto/certificate.ts';
import type { Inspection, Trust } from '../../../wire/connection-trust.ts';
import type { Connection } from '../../../wire/connections.ts';
import type { Finding, TestReport } from '../../../wire/diagnosis.ts';
import type { Doctor, Event } from '../../../wire/events.ts';
import type { Template } from '../../../wire/inventory.ts';
import { timestamp, timestampOrNull } from '../../present.ts';

/** From the room's records to the shapes on the wire. Nothing secret is even looked at here. */

type Found = Examination['report']['findings'][number];
export const presentFinding = (finding: Found): Finding => ({ ...finding });

const STOPPED = new Set(['TLS_CHANGED', 'TRUST_ENDED']);

function stateOf(record: ConnectionRecord, now: number): Connection['state'] {
  const { trust, lastTest } = record;
  if (trust.mode === 'none' && trust.untilSeconds <= now && record.origin.startsWith('https:'))
    return 'stopped';
  if (lastTest === null) return 'untested';
  return lastTest.findings.some((finding) => STOPPED.has(finding.code)) ? 'stopped' : lastTest.verdict;
}

export function presentTrust(record: ConnectionRecord, now: number): Trust {
  const { trust } = record;
  return {
    mode: trust.mode,
    server_name: 'serverName' in trust ? (trust.serverName ?? null) : null,
    fingerprint: trust.mode === 'pin' ? trust.sha256 : null,
    pinned_at: timestampOrNull(record.pinnedAt),
    authorities:
      trust.mode === 'ca'
        ? readAuthorities(trust.pem).map(({ subject, fingerprint, expiresAt }) => ({
            subject,
            fingerprint,
            expires_at: timestamp(expiresAt),
          }))
        : null,
    reason: trust.mode === 'none' ? trust.reason : null,
    until: trust.mode === 'none' ? timestamp(trust.untilSeconds) : null,
    warning: trustWarning(trust, record.origin, now),
  };
}

export function presentConnection(record: ConnectionRecord, now: number): Connection {
  const { credential, fallback, lastTest } = record;
  return {
    id: record.id,
    name: record.name,
    kind: record.kind,
    origin: record.origin,
    trust: presentTrust(record, now),
    method: credential?.method ?? null,
    identity: credential?.identity ?? null,
    has_fallback: fallback !== null,
    fallback_identity: fallback?.identity ?? null,
    fallback_enabled: record.fallbackEnabled,
    credential_expires_at: timestampOrNull(record.expiresAt),
    credential_version: credential?.version ?? 0,
    last_test:
      lastTest === null
        ? null
        : {
            at: timestamp(lastTest.at),
            ok: lastTest.verdict !== 'failed',
            verdict: lastTest.verdict,
            sentence: lastTest.sentence,
            findings: lastTest.findings.map(presentFinding),
          },
    state: stateOf(record, now),
    created_at: timestamp(record.createdAt),
    created_by: record.createdBy,
    updated_at: timestamp(record.updatedAt),
    updated_by: record.updatedBy,
  };
}

export function presentReport(found: Examination): TestReport {
  const { report } = found;
  return {
    at: timestamp(found.at),
    ok: report.verdict !== 'failed',
    verdict: report.verdict,
    sentence: found.sentence,
    exit_code: found.exitCode,
    layers: [...found.layers],
    findings: report.findings.map(presentFinding),
    identity: report.identity ?? null,
    version: report.version ?? null,
    credential_expires_at: timestampOrNull(report.expiresAt ?? null),
    fingerprint: report.fingerprint ?? null,
    method: found.method,
    fell_back: found.fellBack,
    facts: { ...report.facts },
    duration_ms: found.durationMs,
  };
}

export const presentInspection = (shown: Shown): Inspection => ({
  origin: shown.origin,
  address: shown.address,
  protocol: shown.protocol,
  chain: shown.chain.map((certificate) => ({
    fingerprint: certificate.fingerprint,
    subject: certificate.subject,
    issuer: certificate.issuer,
    names: [...certificate.names],
    not_before: timestamp(certificate.notBeforeSeconds),
    not_after: timestamp(certificate.notAfterSeconds),
    self_signed: certificate.selfSigned,
  })),
  trusted: shown.trusted,
  reason: shown.reason,
  pinned: shown.pinned,
  changed: shown.changed,
});

export const presentTemplate = ({ guest, settings, unreadable }: TemplateView): z.infer<typeof Template> => ({
  id: guest.id,
  name: guest.name,
  node: guest.node,
  type: guest.type,
  os_type: settings?.osType || null,
  cloud_init: settings?.cloudInit ?? null,
  agent: settings?.agent ?? null,
  storage: settings?.storage || null,
  bridge: settings?.bridge || null,
  disk_gib: settings?.diskGib ?? null,
  unreadable,
});

export const presentEvent = (event: EventRecord): Event => ({
  id: event.id,
  at: timestamp(event.at),
  kind: event.kind,
  connection: { id: event.connectionId, name: event.connectionName },
  code: event.code,
  sentence: event.sentence,
  fix: event.fix,
  acknowledged_at: timestampOrNull(event.acknowledgedAt),
  acknowledged_by: event.acknowledgedBy,
  delivered_at: timestampOrNull(event.deliveredAt),
});

export function presentDoctor(checked: readonly Checked[], now: number): Doctor {
  const items = checked.map(({ record, examination, problem }) => ({
    connection: presentConnection(record, now),
    report: examination === null ? null : presentReport(examination),
    problem,
  }));
  const failing = items.filter((item) => item.report === null || !item.report.ok);
  const codes = failing.map((item) => item.report?.exit_code ?? 1);
  const names = failing.map((item) => item.connection.name).join(', ');
  return {
    at: timestamp(now),
    ok: failing.length === 0,
    exit_code: codes.length === 0 ? 0 : Math.min(...codes),
    sentence:
      items.length === 0
        ? 'There are no connections yet.'
        : failing.length === 0
          ? `All ${items.length} connections work.`
          : `${failing.length} of ${items.length} connections fail: ${names}.`,
    items,
  };
}
