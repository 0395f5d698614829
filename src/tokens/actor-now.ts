import type { Actor } from '../access/principal.ts';
import type { Clock } from '../base/clock.ts';
import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { BRIEF, createFacts } from './facts.ts';
import type { TokenReads } from './store.ts';
import { createVerifier } from './verify.ts';

const NO_JWTS = {
  issue: () => Promise.reject(new Error('not here')),
  check: async () => null,
  forget() {},
};

/**
 * The actor as of this transaction. What a new token is pinned to outlasts the request, so it is judged by the
 * rights that hold when it is written, not by those that held when the request came in.
 */
export async function actorNow(tx: TokenReads, actor: Actor, clock: Clock): Promise<Result<Actor>> {
  if (actor.tokenId === null) return ok(actor);
  const anew = () => createFacts(tx, BRIEF);
  const verifier = createVerifier({ facts: anew(), anew, jwts: NO_JWTS, clock, feedIsFresh: () => true });
  const verdict = await verifier.checkById(actor.tokenId);
  if (!verdict.ok) return err(fault(verdict.code, `${verdict.message}.`));
  return ok(verifier.actor({ ...verdict, jwt: actor.jwt }, actor.address));
}
