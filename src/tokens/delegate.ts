import { LRUCache } from 'lru-cache';
import { sorted } from '../access/scopes.ts';
import { auditEntry } from '../audit/entry.ts';
import { type Clock, seconds } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import type { RandomSource } from '../crypto/random.ts';
import type { Sealer } from '../crypto/seal.ts';
import { recordHistory } from './history.ts';
import { describeToken, newTokenRecord } from './mint.ts';
import type { TokenRecord } from './record.ts';
import { noSuchToken } from './revoke.ts';
import type { TokenStore } from './store.ts';
import { dottedSpelling, randomTokenParts } from './token-string.ts';
import type { Verified, Verifier } from './verify.ts';

/** A token made for one service on behalf of the caller; without `service` a notebook token with all scopes. */
export interface DelegationRequest {
  readonly service: string | null;
  /** Wanted; those the caller lacks are dropped. Not looked at for a notebook token. */
  readonly scopes: readonly string[];
  /** The delegated token must last at least this many seconds. */
  readonly minimumSeconds: number;
}

export interface Delegated {
  readonly record: TokenRecord;
  readonly token: Secret;
}

export interface Delegate {
  /**
   * The token for this caller, service and set of scopes: the same one each time while it lasts, also for many
   * simultaneous askers on several processes. Synchronous when it is at hand.
   */
  delegate(
    parent: Verified,
    request: DelegationRequest,
    address: string | null,
  ): Result<Delegated> | Promise<Result<Delegated>>;
}

interface Dependencies {
  readonly store: TokenStore;
  readonly verifier: Verifier;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly lifetimeSeconds: number;
}

const sealContext = (id: string): string => `delegated-token|${id}|1`;

export function createDelegate(needs: Dependencies): Delegate {
  const { store, verifier, sealer, clock, random, lifetimeSeconds } = needs;
  const atHand = new LRUCache<string, Delegated>({ max: 20_000 });
  const running = new Map<string, Promise<Result<Delegated>>>();

  const lastsLongEnough = (record: TokenRecord, minimumSeconds: number): boolean =>
    record.expiresAt === null || record.expiresAt - seconds(clock) >= minimumSeconds;

  function usable(found: Delegated | undefined, minimumSeconds: number): boolean {
    if (found === undefined || !lastsLongEnough(found.record, minimumSeconds)) return false;
    const verdict = verifier.checkById(found.record.id);
    // Not at hand counts as unusable here: the slow path reads the truth.
    return 'ok' in verdict && verdict.ok;
  }

  async function findOrMake(
    key: string,
    parent: Verified,
    request: DelegationRequest,
    scopes: string[],
    address: string | null,
  ): Promise<Result<Delegated>> {
    const stored = await store.delegatedToken(key);
    if (stored !== null && isLive(stored, request)) return opened(stored);

    const parts = randomTokenParts(random);
    const sealed = sealer.seal(dottedSpelling(parts), sealContext(parts.id));
    if (!sealed.ok) return sealed;
    const result = await store.change<TokenRecord>(async (tx) => {
      const meanwhile = await tx.delegatedToken(key);
      if (meanwhile !== null && isLive(meanwhile, request)) return ok(meanwhile);
      const above = await tx.token(parent.token.record.id);
      if (above === null || above.revokedAt !== null) return err(noSuchToken(parent.token.record.id));
      const now = seconds(clock);
      const record = newTokenRecord(parts, now, {
        username: above.username,
        type: request.service === null ? 'notebook' : 'internal',
        sealedSecret: sealed.value,
        scopes,
        service: request.service,
        parentId: above.id,
        createdBy: above.username,
        expiresAt: Math.min(now + lifetimeSeconds, above.expiresAt ?? Number.POSITIVE_INFINITY),
        userInfo: above.userInfo,
      });
      const actor = { username: above.username, tokenId: above.id, address };
      await tx.insertToken(record);
      await tx.rememberDelegation(key, record.id);
      await recordHistory(tx, record, 'create', actor, now);
      await tx.audit(
        auditEntry(clock(), actor, {
          action: 'token.delegated',
          subject: record.id,
          detail: describeToken(record),
        }),
      );
      return ok(record);
    });
    return result.ok ? opened(result.value) : result;
  }

  const isLive = (record: TokenRecord, { minimumSeconds }: DelegationRequest): boolean =>
    record.revokedAt === null && lastsLongEnough(record, minimumSeconds);

  function opened(record: TokenRecord): Result<Delegated> {
    const token = sealer.open(record.sealedSecret ?? '', sealContext(record.id));
    return token.ok ? ok({ record, token: token.value }) : token;
  }

  return {
    delegate(parent, request, address) {
      const scopes =
        request.service === null
          ? verifier.effectiveScopes(parent)
          : sorted(new Set(request.scopes)).filter((scope) => verifier.holds(parent, scope));
      const parentId = parent.token.record.id;
      const key =
        request.service === null
          ? `${parentId}|notebook`
          : `${parentId}|${request.service}|${scopes.join(' ')}`;

      const found = atHand.get(key);
      if (found !== undefined && usable(found, request.minimumSeconds)) return ok(found);

      const asked = `${key}|${request.minimumSeconds}`;
      let making = running.get(asked);
      if (making === undefined) {
        making = findOrMake(key, parent, request, scopes, address)
          .then((made) => {
            if (made.ok) atHand.set(key, made.value);
            return made;
          })
          .finally(() => running.delete(asked));
        running.set(asked, making);
      }
      return making;
    },
  };
}
