import type { Refused, Verdict, Verified, Verifier } from '../tokens/verify.ts';
import type { Decide, Decision } from './decide.ts';
import type { CallTarget } from './target.ts';

/** Why a call may not pass, in words; the form is the business of whoever answers. */
export interface CallRefusal {
  readonly status: 400 | 401 | 403 | 404 | 408 | 413 | 429 | 502 | 503 | 504;
  readonly code: string;
  readonly message: string;
  /** Scopes that would let it pass, where scopes are what is missing. */
  readonly missing?: readonly string[];
  readonly retryAfterSeconds?: number;
}

/** What the rules ask of this call, or the refusal that no token can change. */
export function judgeCall(
  decide: Decide,
  method: string,
  target: CallTarget,
  route: string,
): { readonly decision: Decision; readonly refusal: CallRefusal | null } {
  const decision = decide(method, target.readings);
  if (decision.access !== 'never') return { decision, refusal: null };
  const why =
    decision.rule === null ? 'no rule of the route allows it' : `the rule '${decision.rule}' never allows it`;
  const message = `${method} ${target.path} is not possible through the route ${route}: ${why}`;
  return { decision, refusal: { status: 403, code: 'forbidden', message } };
}

/** What is wrong with the caller's token for this call; null when nothing is. */
export function judgeCaller(
  verifier: Pick<Verifier, 'holds'>,
  decision: Decision,
  verdict: Verdict,
): CallRefusal | null {
  if (!verdict.ok) return refusalOf(verdict);
  const missing = missingOf(verifier, decision, verdict);
  if (missing.length === 0) return null;
  const names = missing.map((set) => set.join(' or ')).join(', and ');
  return {
    status: 403,
    code: 'insufficient_scope',
    message: `The token is missing the scope ${names}`,
    missing: missing.flat(),
  };
}

/** The same object for the same verdict, so that words are found by it: all bad tokens share one. */
const known = new WeakMap<Refused, CallRefusal>();

function refusalOf(verdict: Refused): CallRefusal {
  let refusal = known.get(verdict);
  if (refusal === undefined) {
    const { code, message } = verdict;
    refusal =
      code === 'unavailable'
        ? { status: 503, code, message, retryAfterSeconds: 1 }
        : { status: 401, code, message };
    known.set(verdict, refusal);
  }
  return refusal;
}

function missingOf(
  verifier: Pick<Verifier, 'holds'>,
  decision: Decision,
  verified: Verified,
): (readonly string[])[] {
  const missing: (readonly string[])[] = [];
  for (const set of decision.needs)
    if (!set.some((scope) => verifier.holds(verified, scope))) missing.push(set);
  return missing;
}

export const NO_TOKEN: CallRefusal = {
  status: 401,
  code: 'no_credential',
  message: 'No Tessera token was sent: put one where the secret of the other system used to be',
};
