import { type Clock, seconds } from '../base/clock.ts';
import { type Finding, isBlocking, LAYERS, type Layer } from '../kinds/finding.ts';
import type { CredentialMethod, Report } from '../kinds/kind.ts';

export type LayerState = 'passed' | 'warned' | 'failed' | 'not_reached';

/** A test as the server tells it, so that one made here reads and prints the same. */
export interface TestOutcome {
  readonly at: string;
  readonly ok: boolean;
  readonly verdict: 'healthy' | 'warnings' | 'failed';
  readonly sentence: string;
  readonly exit_code: number;
  readonly layers: { layer: Layer; state: LayerState }[];
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

/** Settings 2, network or TLS 3, authentication 4, rights or objects 5. */
const EXIT_CODES: Readonly<Record<Layer, number>> = {
  format: 2,
  dns: 3,
  tcp: 3,
  tls: 3,
  product: 3,
  authentication: 4,
  rights: 5,
  objects: 5,
};

export const exitCodeOf = (layer: Layer | undefined): number => (layer === undefined ? 0 : EXIT_CODES[layer]);

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
    layers: layerStates(findings, layer),
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

function layerStates(findings: readonly Finding[], blocked: Layer | undefined): TestOutcome['layers'] {
  const stop = blocked === undefined ? LAYERS.length : LAYERS.indexOf(blocked);
  return LAYERS.map((layer, at) => {
    if (at > stop) return { layer, state: 'not_reached' };
    if (at === stop) return { layer, state: 'failed' };
    return { layer, state: findings.some((finding) => finding.layer === layer) ? 'warned' : 'passed' };
  });
}
