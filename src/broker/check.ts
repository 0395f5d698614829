import type { Actor } from '../access/principal.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Verdict, Verifier } from '../tokens/verify.ts';
import { compileRules, type Decision } from './decide.ts';
import { type CallRefusal, judgeCall, judgeCaller, NO_TOKEN } from './judge.ts';
import { mayRead, unknownRoute } from './routes.ts';
import type { RouteReads } from './store.ts';
import { readTarget } from './target.ts';

export interface CallWish {
  /** A token in either spelling, or its id; absent: a call without one. */
  readonly token?: string;
  readonly method: string;
  readonly path: string;
}

/** What would happen to a call, and why. */
export interface CallVerdict {
  readonly refusal: CallRefusal | null;
  readonly decision: Decision | null;
  readonly username: string | null;
  readonly tokenId: string | null;
}

/** Judges a call as the relay would, and sends nothing. */
export type CheckCall = (actor: Actor, key: string, wish: CallWish) => Promise<Result<CallVerdict>>;

export function createCheckCall(store: RouteReads, verifier: Verifier): CheckCall {
  return async (actor, key, { token, method, path }) => {
    const allowed = mayRead(actor);
    if (!allowed.ok) return allowed;
    const route = await store.route(key);
    if (route === null) return err(unknownRoute(key));
    const verdict = token === undefined ? null : await judgeToken(verifier, token);
    const who = verdict?.ok ? verdict.token.record : null;
    const said = (refusal: CallRefusal | null, decision: Decision | null): Result<CallVerdict> =>
      ok({ refusal, decision, username: who?.username ?? null, tokenId: who?.id ?? null });
    const target = readTarget(path, route.kind);
    if (!target.ok) return said({ status: 400, code: 'invalid_request', message: target.fault }, null);
    const { decision, refusal } = judgeCall(compileRules(route), method, target.value, route.name);
    if (refusal !== null) return said(refusal, decision);
    if (decision.access === 'anyone') return said(null, decision);
    return said(verdict === null ? NO_TOKEN : judgeCaller(verifier, decision, verdict), decision);
  };
}

const judgeToken = async (verifier: Verifier, token: string): Promise<Verdict> =>
  /^[0-9A-Za-z_-]{22}$/.test(token) ? verifier.checkById(token) : verifier.check(token);
