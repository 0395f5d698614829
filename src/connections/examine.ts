import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, seconds } from '../base/clock.ts';
import type { Secret } from '../base/secret.ts';
import { type Finding, isBlocking, type Step } from '../kinds/finding.ts';
import type { Credential, CredentialMethod, Expectations, Report } from '../kinds/kind.ts';
import { exitCodeOf, type LayerProgress, layerStates } from '../kinds/layers.ts';
import { KINDS } from '../kinds/registry.ts';
import { makeReport } from '../kinds/report.ts';
import type { Target } from './draft.ts';
import { find } from './findings.ts';
import { refusalIn, verdictSentence } from './verdict.ts';
import type { Vicinity } from './vicinity.ts';
import type { WayOut } from './way-out.ts';

/** What is put to the test: stored or only typed makes no difference here. */
export interface Candidate {
  readonly target: Target;
  readonly pinnedAt: number | null;
  readonly credential: Credential;
  /** The credential was refused before as it stands. */
  readonly refused: { readonly at: number; readonly said: Finding } | null;
  readonly fallback: Credential | null;
  readonly fallbackEnabled: boolean;
  readonly fallbackRefused: boolean;
  /** Remarks on what was typed. */
  readonly known?: readonly Finding[];
  readonly expect?: Expectations;
  /** Password of the token's owner, for one login that narrows a refusal down. */
  readonly probePassword?: Secret;
}

export interface Examination {
  /** Epoch seconds. */
  readonly at: number;
  readonly report: Report;
  readonly sentence: string;
  readonly exitCode: number;
  readonly layers: readonly LayerProgress[];
  /** How the credential that counted in the end rides. */
  readonly method: CredentialMethod;
  readonly fellBack: boolean;
  /** The refusal of the credential itself. */
  readonly refusal: Finding | null;
  readonly fallbackRefusal: Finding | null;
  readonly durationMs: number;
}

/** The one engine behind every test: typed values, stored connections, the doctor, the schedule. */
export interface Examiner {
  /** @param patient somebody waits for the answer and asked for it: a refused token is tried once more */
  examine(candidate: Candidate, patient: boolean, step?: Step): Promise<Examination>;
}

interface Dependencies {
  readonly wayOut: WayOut;
  readonly vicinity: Vicinity;
  readonly clock: Clock;
  /** What one call may take, and a third of what a whole test may take. */
  readonly callSeconds: number;
}

const DAY_OF = (at: number): string =>
  `${new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

export function createExaminer({ wayOut, vicinity, clock, callSeconds }: Dependencies): Examiner {
  async function attempt(
    candidate: Candidate,
    credential: Credential,
    known: readonly Finding[],
    step: Step | undefined,
  ): Promise<Report> {
    const { target, pinnedAt, expect = {}, fallback, fallbackEnabled, probePassword } = candidate;
    const client = wayOut.open({
      origin: target.origin,
      trust: target.trust,
      clock,
      deadlines: { firstByteMs: callSeconds * 1000, totalMs: callSeconds * 1000 },
    });
    const stop = new AbortController();
    const patience = callSeconds * 3;
    const tired = sleep(patience * 1000, undefined, { signal: stop.signal, ref: false }).then(
      () => makeReport([find('TEST_TOO_LONG', 'P0', `${patience} s`, { seconds: patience })], {}),
      // The test was quicker.
      () => makeReport([], {}),
    );
    const test = KINDS[target.kind].test({
      client,
      credential,
      clock,
      known,
      step,
      expect: {
        ...expect,
        ...(fallback !== null && !fallbackEnabled ? { passwordBeside: true } : {}),
        ...(probePassword === undefined ? {} : { password: probePassword }),
      },
      surroundings: vicinity.around(target.kind, target.origin, pinnedAt),
    });
    try {
      return await Promise.race([test, tired]);
    } finally {
      stop.abort();
      client.close();
      // Given up: whatever it comes to now is nobody's business any more.
      test.catch(() => {});
    }
  }

  return {
    async examine(candidate, patient, told) {
      const at = seconds(clock);
      const started = performance.now();
      const { credential, fallback, refused, known = [] } = candidate;
      const secrets = [credential, fallback].flatMap((one) => (one === null ? [] : [one.secret]));
      const clean = wayOut.redactor([
        ...secrets,
        ...(candidate.probePassword === undefined ? [] : [candidate.probePassword]),
      ]);
      const step: Step | undefined =
        told === undefined ? undefined : (layer, found) => told(layer, clean([...found]));
      step?.('format', known);
      const held = refused !== null && !mayRepeat(candidate, patient);
      const first = held
        ? makeReport([...known, notSentAgain(refused, credential)], {})
        : await attempt(candidate, credential, known, step);
      const refusal = refusalIn(first) ?? null;
      if (refusal !== null) vicinity.noteRefusal(candidate.target.origin);
      const stepsIn =
        fallback !== null &&
        candidate.fallbackEnabled &&
        !candidate.fallbackRefused &&
        (refusal !== null || held);
      const second = stepsIn ? await attempt(candidate, fallback, [], step) : null;
      const fallbackRefusal = second === null ? null : (refusalIn(second) ?? null);
      if (fallbackRefusal !== null) vicinity.noteRefusal(candidate.target.origin);

      const report = clean(second === null ? first : joined(first, second, credential, fallback));
      return {
        at,
        report,
        sentence: verdictSentence(report),
        exitCode: exitCodeOf(report.layer),
        layers: layerStates(report.findings),
        method: (second === null || fallback === null ? credential : fallback).method,
        fellBack: second !== null && fallbackRefusal === null,
        refusal: refusal === null ? null : clean(refusal),
        fallbackRefusal: fallbackRefusal === null ? null : clean(fallbackRefusal),
        durationMs: Math.round(performance.now() - started),
      };
    },
  };
}

/**
 * A refused password is never sent a second time. A refused token may be, when a person asks; by itself only where
 * nothing counts refusals (Foreman does, and locks everybody behind the address out).
 */
function mayRepeat({ credential, target }: Candidate, patient: boolean): boolean {
  if (isPassword(credential, target.kind)) return false;
  return patient || target.kind !== 'foreman';
}

/** Foreman takes tokens and passwords alike as Basic; only their shape tells them apart. */
const isPassword = (credential: Credential, kind: string): boolean =>
  credential.method === 'password' ||
  (kind === 'foreman' && !/^[A-Za-z0-9_-]{22}$/.test(credential.secret.reveal())) ||
  (kind === 'http' && credential.method === 'basic');

export function notSentAgain(
  refused: { readonly at: number; readonly said: Finding },
  credential: Pick<Credential, 'identity' | 'method'>,
): Finding {
  return find('NOT_SENT_AGAIN', 'P0', refused.said.evidence, {
    what: credential.identity === '' ? 'credential' : `credential of ${credential.identity}`,
    since: DAY_OF(refused.at),
    said: refused.said.sentence,
    retry: `${refused.said.fix}\nThen store the credential again: tessera connection update`,
  });
}

/** What the fallback achieved, with the refusal before it kept in sight. */
function joined(first: Report, second: Report, credential: Credential, fallback: Credential | null): Report {
  const before = first.findings.map((finding): Finding => ({ ...finding, severity: 'warning' }));
  const [reason] = first.findings.filter(isBlocking);
  const stepped = find('FELL_BACK', 'P7', reason?.evidence ?? '', {
    identity: fallback?.identity ?? '',
    refused: credential.identity,
  });
  const { findings, facts, verdict: _, layer: __, ...more } = second;
  return makeReport([stepped, ...before, ...findings], facts, more);
}
