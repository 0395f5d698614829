import { requireScope } from '../access/policy.ts';
import type { Actor } from '../access/principal.ts';
import { ADMIN_SCOPE } from '../access/scopes.ts';
import { auditEntry } from '../audit/entry.ts';
import type { Journal } from '../audit/journal.ts';
import type { Clock } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Keyring } from '../crypto/keyring.ts';
import { type Sealer, sealedFault } from '../crypto/seal.ts';

/** One sealed value, wherever it stands. */
export interface SealedPlace {
  /** Table, row and column, for a person. */
  readonly place: string;
  readonly sealed: string;
  /** What its seal is bound to. */
  readonly context: string;
  /** Puts another sealed form in its place, unless it was changed meanwhile. */
  readonly replace: (sealed: string) => Promise<void>;
}

export interface SealedTx extends Journal {
  /** Values that are wrapped by another master key than this one. */
  sealedOtherThan(keyId: string, limit: number): Promise<SealedPlace[]>;
  /** How many values each master key wraps, by its id. */
  sealedByKey(): Promise<Record<string, number>>;
}

export interface SealedStore {
  change<T>(work: (tx: SealedTx) => Promise<Result<T>>): Promise<Result<T>>;
}

export interface RewrapProgress {
  readonly activeKey: string;
  readonly rewrapped: number;
  readonly remaining: number;
  readonly total: number;
  readonly failed: readonly { readonly place: string; readonly reason: string }[];
  readonly byKey: Readonly<Record<string, number>>;
}

/** The online change of the master key: every sealed value is wrapped anew by the active one, batch by batch. */
export interface Rewrap {
  /** One batch. Values that do not open stay as they are and are named. */
  batch(actor: Actor, limit: number): Promise<Result<RewrapProgress>>;
}

interface Dependencies {
  readonly store: SealedStore;
  readonly sealer: Sealer;
  readonly keyring: Keyring;
  readonly clock: Clock;
}

/** Values that do not open are passed over, so many at most in one batch. */
const PASSED_OVER = 500;

export function createRewrap({ store, sealer, keyring, clock }: Dependencies): Rewrap {
  return {
    async batch(actor, limit) {
      const allowed = requireScope(actor, ADMIN_SCOPE, 'rotate master keys');
      if (!allowed.ok) return allowed;
      const { active } = keyring;
      if (active === null) return err(sealedFault);
      return store.change<RewrapProgress>(async (tx) => {
        let rewrapped = 0;
        const failed: { place: string; reason: string }[] = [];
        for (const { place, sealed, context, replace } of await tx.sealedOtherThan(
          active.id,
          limit + PASSED_OVER,
        )) {
          if (rewrapped === limit) break;
          const wrapped = sealer.rewrap(sealed, context);
          if (wrapped.ok) {
            await replace(wrapped.value);
            rewrapped += 1;
          } else failed.push({ place, reason: wrapped.error.message });
        }
        const byKey = await tx.sealedByKey();
        const total = Object.values(byKey).reduce((sum, count) => sum + count, 0);
        const remaining = total - (byKey[active.id] ?? 0);
        if (rewrapped > 0)
          await tx.audit(
            auditEntry(clock(), actor, {
              action: 'keys.rewrapped',
              subject: active.id,
              detail: { rewrapped, remaining },
            }),
          );
        return ok({ activeKey: active.id, rewrapped, remaining, total, failed, byKey });
      });
    },
  };
}
