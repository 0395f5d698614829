import type { AuditTrail } from '../audit/trail.ts';
import type { Change } from '../base/change.ts';
import type { Clock } from '../base/clock.ts';
import type { RandomSource } from '../crypto/random.ts';
import type { Sealer } from '../crypto/seal.ts';
import type { makeSigningKey } from '../crypto/signing.ts';
import { createAccessJwts } from './access-jwt.ts';
import { createDelegate, type Delegate } from './delegate.ts';
import { createEdit, type Edit } from './edit.ts';
import { createExchange, type Exchange } from './exchange.ts';
import { BRIEF, createFacts } from './facts.ts';
import { createLastUses, type LastUses } from './last-use.ts';
import { createMint, type Mint } from './mint.ts';
import { createTokenQueries, type TokenQueries } from './query.ts';
import { createRevoke, type Revoke } from './revoke.ts';
import { createSigningKeys, type SigningKeyStore, type SigningKeys } from './signing-keys.ts';
import type { LastUse, TokenStore } from './store.ts';
import { createVerifier, type Verifier } from './verify.ts';

/** Everything about tokens, built once per process. */
export interface TokenRoom {
  readonly verifier: Verifier;
  readonly mint: Mint;
  readonly edit: Edit;
  readonly revoke: Revoke;
  readonly queries: TokenQueries;
  readonly delegate: Delegate;
  readonly exchange: Exchange;
  readonly signingKeys: SigningKeys;
  readonly lastUses: LastUses;
  forget(change: Change): void;
  forgetAll(): void;
}

interface Dependencies {
  readonly store: TokenStore & SigningKeyStore & { recordLastUse(uses: readonly LastUse[]): Promise<void> };
  readonly sealer: Sealer;
  readonly audit: Pick<AuditTrail, 'note'>;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly newSigningKey: typeof makeSigningKey;
  /** Whether the change feed was read lately enough to judge by what is remembered. */
  readonly feedIsFresh: () => boolean;
  /** Issuer of access JWTs, and the audience of those that ask for none. */
  readonly issuer: string;
  /** Longest life of a user or service token in seconds; null for no bound. */
  readonly longestSeconds: number | null;
  readonly sessionSeconds: number;
  readonly delegatedSeconds: number;
  readonly jwtSeconds: number;
}

export function createTokenRoom(needs: Dependencies): TokenRoom {
  const { store, sealer, audit, clock, random, feedIsFresh, issuer, longestSeconds, sessionSeconds } = needs;
  const facts = createFacts(store);
  const signingKeys = createSigningKeys({ store, sealer, clock, random, newKey: needs.newSigningKey });
  const jwts = createAccessJwts({ keys: signingKeys, issuer, clock, random });
  const anew = () => createFacts(store, BRIEF);
  const verifier = createVerifier({ facts, anew, jwts, clock, feedIsFresh });
  const forgetKeys = (): void => {
    signingKeys.forget();
    jwts.forget();
  };

  return {
    verifier,
    mint: createMint({ store, clock, random, settings: { longestSeconds, sessionSeconds } }),
    edit: createEdit({ store, clock, longestSeconds }),
    revoke: createRevoke({ store, clock }),
    queries: createTokenQueries(store),
    delegate: createDelegate({
      store,
      verifier,
      sealer,
      clock,
      random,
      lifetimeSeconds: needs.delegatedSeconds,
    }),
    exchange: createExchange({
      verifier,
      jwts,
      defaultAudience: issuer,
      lifetimeSeconds: needs.jwtSeconds,
      audit,
      clock,
    }),
    signingKeys,
    lastUses: createLastUses({ write: store.recordLastUse, clock }),
    forget(change) {
      facts.forget(change);
      if (change.topic === 'signing-keys') forgetKeys();
    },
    forgetAll() {
      facts.forgetAll();
      forgetKeys();
    },
  };
}
