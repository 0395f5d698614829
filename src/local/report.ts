import { type Clock, seconds } from '../base/clock.ts';
import { type Finding, isBlocking } from '../kinds/finding.ts';
import type { CredentialMethod, Report } from '../kinds/kind.ts';
import { exitCodeOf, type LayerProgress, layerStates } from '../kinds/layers.ts';

/** A test as the server tells it, so that one made here reads and prints the same. */
export interface TestOutcome {
  readonly at: string;
  readonly ok: boolean;
  readonly verdict: 'healthy' | 'warnings' | 'failed';
  readonly sentence: string;
  readonly exit_code: number;
  readonly layers: LayerProgress[];
  readonly findings: Finding[];
  readonly identity: string | null;
  readonly version: string | null;
  readonly credential_expires_at: string | null;
  readonly fingerprint: string | null;
  readonly method: CredentialMethod;
  readonly fell_back: boolean;
  readonly facts: Record<string, unknown>;
  readonly duration_ms: number;
}

export function outcomeOf(
  report: Report,
  method: CredentialMethod,
  clock: Clock,
  startedMs: number,
): TestOutcome {
  const { verdict, layer, findings, identity, version, expiresAt, fingerprint } = report;
  const blocking = findings.find(isBlocking);
  return {
    at: new Date(seconds(clock) * 1000).toISOString(),
    ok: verdict !== 'failed',
    verdict,
    sentence: blocking?.sentence ?? goodSentence(report),
    exit_code: exitCodeOf(layer),
    layers: layerStates(findings),
    findings: [...findings],
    identity: identity ?? null,
    version: version ?? null,
    credential_expires_at: expiresAt == null ? null : new Date(expiresAt * 1000).toISOString(),
    fingerprint: fingerprint ?? null,
    method,
    fell_back: false,
    facts: { ...report.facts },
    duration_ms: Math.max(0, Math.round(clock() - startedMs)),
  };
}

function goodSentence({ identity, verdict }: Report): string {
  const who = identity === undefined ? 'The connection works' : `The credential works: this is ${identity}`;
  return verdict === 'warnings' ? `${who}; see the warnings.` : `${who}.`;
}
