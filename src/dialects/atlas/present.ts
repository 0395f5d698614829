import type { z } from 'zod';
import { type Clock, seconds } from '../../base/clock.ts';
import type { ConnectionRecord } from '../../connections/record.ts';
import type { Tested } from '../../connections/testing.ts';
import { trustWarning } from '../../connections/trust.ts';
import { timestamp } from '../../http/present.ts';
import type { Config, ConfigTest, Instance } from './shapes.ts';

type LastTest = NonNullable<ConnectionRecord['lastTest']>;
type Layer = Tested['examination']['report']['layer'];

/** @param remarks on what was typed */
export function presentConfig(
  record: ConnectionRecord,
  clock: Clock,
  remarks: readonly string[] = [],
): Config {
  const { credential, expiresAt, lastTest, trust } = record;
  const warning = trustWarning(trust, record.origin, seconds(clock));
  const warnings = [...(warning === null ? [] : [warning]), ...remarks];
  return {
    id: record.id,
    name: record.name,
    base_url: record.origin,
    ...(credential === null ? {} : { username: credential.identity }),
    verify_ssl: trust.mode !== 'none',
    has_credentials: credential !== null,
    created_at: timestamp(record.createdAt),
    updated_at: timestamp(record.updatedAt),
    ...(expiresAt === null ? {} : { expires_at: timestamp(expiresAt) }),
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(lastTest === null ? {} : { last_test: presentLastTest(lastTest) }),
  };
}

const presentLastTest = (test: LastTest): NonNullable<Config['last_test']> => ({
  at: timestamp(test.at),
  status: test.verdict === 'failed' ? 'error' : 'success',
  message: test.sentence,
});

export const presentInstance = (record: ConnectionRecord): z.infer<typeof Instance> => ({
  id: record.id,
  name: record.name,
  base_url: record.origin,
  username: record.credential?.identity ?? null,
  verify_ssl: record.trust.mode !== 'none',
  has_credentials: record.credential !== null,
  last_refresh: null,
  host_count: null,
});

export function presentTest({ record, examination }: Tested): ConfigTest {
  const { report, durationMs } = examination;
  const facts = report.facts as { apiVersion?: number; userId?: number; admin?: boolean };
  const about = {
    base_url: record.origin,
    ...(report.version === undefined ? {} : { foreman_version: report.version }),
    ...(facts.apiVersion === undefined ? {} : { api_version: facts.apiVersion }),
    ...(report.identity === undefined ? {} : { login: report.identity }),
    ...(facts.userId === undefined ? {} : { user_id: facts.userId }),
    ...(facts.admin === undefined ? {} : { admin: facts.admin }),
    latency_ms: durationMs,
    warnings: report.findings
      .filter((finding) => finding.severity === 'warning')
      .map((finding) => finding.sentence),
  };
  const blocking = report.findings.find((finding) => finding.severity === 'blocking');
  if (blocking === undefined)
    return { status: 'success', message: 'Successfully connected to Foreman', ...about };
  const reason = reasonOf(report.layer, blocking.code);
  const refused = reason === 'auth' || reason === 'lockout' || reason === 'permission';
  return {
    status: 'error',
    message: `${refused ? 'Authentication' : 'Connection'} failed: ${blocking.sentence}`,
    reason,
    code: blocking.code,
    fix: blocking.fix,
    ...about,
  };
}

function reasonOf(layer: Layer, code: string): NonNullable<ConfigTest['reason']> {
  if (code === 'FOREMAN_LOCKOUT' || code === 'FOREMAN_TESTS_CAPPED') return 'lockout';
  if (code === 'FOREMAN_REDIRECT') return 'redirect';
  switch (layer) {
    case 'dns':
    case 'tcp':
      return 'network';
    case 'tls':
      return 'tls';
    case 'authentication':
      return 'auth';
    case 'rights':
    case 'objects':
      return 'permission';
    case 'format':
      return 'input';
    default:
      return code === 'NO_ANSWER' || code === 'TEST_TOO_LONG' ? 'network' : 'not_foreman';
  }
}
