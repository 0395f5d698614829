import type { Clock } from '../base/clock.ts';
import type { Verified, Verifier } from '../tokens/verify.ts';
import type { ActiveRoute } from './book.ts';
import type { Decision } from './decide.ts';
import { judgeCaller } from './judge.ts';

/** A call under way, as far as it must be watched. */
export interface LiveCall {
  readonly route: ActiveRoute;
  /** Null for calls that need no token. */
  readonly verified: Verified | null;
  readonly decision: Decision;
  /** Clock milliseconds at which waiting has lasted too long; moved on with every byte. */
  deadline: number;
  /** Where it stands among the calls under way; theirs to write. */
  place: number;
  /** Waiting has lasted too long. */
  expire(): void;
  /** What allowed the call is gone. */
  cut(why: string): void;
}

/** All calls under way in this process: ends those that may no longer go on. */
export interface LiveCalls {
  add(call: LiveCall): void;
  remove(call: LiveCall): void;
  /** Something changed that verdicts or routes rest on: every call is judged again. */
  recheck(): void;
  readonly size: number;
  start(): void;
  stop(): void;
}

const SWEEP_MS = 250;

/** @param feedIsFresh whether a revocation made elsewhere would have been heard of */
export function createLiveCalls(verifier: Verifier, clock: Clock, feedIsFresh: () => boolean): LiveCalls {
  // A list in which the last one takes the place of whoever leaves. A Set makes its table anew every few calls, each old
  // table leads to the next one, and so the garbage collector takes all calls of the last seconds for living ones.
  const calls: LiveCall[] = [];
  let timer: NodeJS.Timeout | undefined;
  let due = false;

  async function judge(call: LiveCall): Promise<void> {
    if (call.route.gone) {
      call.cut('the route was changed');
      return;
    }
    if (call.verified === null) return;
    const verdict = await verifier.checkById(call.verified.token.record.id);
    const again = verdict.ok ? { ...verdict, jwt: call.verified.jwt } : verdict;
    const refusal = judgeCaller(verifier, call.decision, again);
    if (refusal !== null) call.cut(refusal.message);
  }

  const judgeAll = (): void => {
    for (const call of [...calls]) judge(call).catch(() => call.cut('it could not be judged again'));
  };

  function sweep(): void {
    const now = clock();
    const informed = feedIsFresh();
    for (const call of [...calls]) {
      if (!informed && call.verified !== null)
        call.cut('nobody can tell at the moment whether the token was revoked');
      if (call.deadline <= now) call.expire();
      const expiresAt = call.verified?.token.record.expiresAt ?? null;
      if (expiresAt !== null && expiresAt * 1000 <= now) call.cut('the token has expired');
    }
  }

  return {
    add(call) {
      call.place = calls.push(call) - 1;
    },
    remove(call) {
      const last = calls.at(-1);
      if (calls[call.place] !== call || last === undefined) return;
      calls[call.place] = last;
      last.place = call.place;
      calls.pop();
    },
    recheck() {
      // Changes come in bunches; one look after each bunch is enough.
      if (due || calls.length === 0) return;
      due = true;
      setTimeout(() => {
        due = false;
        judgeAll();
      }, 20).unref();
    },
    get size() {
      return calls.length;
    },
    start() {
      timer ??= setInterval(sweep, SWEEP_MS).unref();
    },
    stop() {
      clearInterval(timer);
      for (const call of [...calls]) call.cut('Tessera is stopping');
    },
  };
}
