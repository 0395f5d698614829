import type { JSONWebKeySet, JWK } from 'jose';
import type { Actor } from '../access/principal.ts';
import { auditEntry } from '../audit/entry.ts';
import type { Journal } from '../audit/journal.ts';
import { change } from '../base/change.ts';
import { type Clock, MINUTE, seconds } from '../base/clock.ts';
import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type RandomSource, randomBase62 } from '../crypto/random.ts';
import type { Sealer } from '../crypto/seal.ts';
import { createSigner, type makeSigningKey, type Signer } from '../crypto/signing.ts';

/** One key pair as kept. It signs from `activeFrom` (epoch seconds) until the next one's. */
export interface SigningKeyRecord {
  readonly kid: string;
  readonly publicJwk: JWK;
  readonly sealedPrivateKey: string;
  readonly createdAt: number;
  readonly activeFrom: number;
}

export interface SigningKeyTx extends Journal {
  signingKeys(): Promise<SigningKeyRecord[]>;
  insertSigningKey(key: SigningKeyRecord): Promise<void>;
  deleteSigningKey(kid: string): Promise<void>;
}

export interface SigningKeyStore {
  signingKeys(): Promise<SigningKeyRecord[]>;
  change<T>(work: (tx: SigningKeyTx) => Promise<Result<T>>): Promise<Result<T>>;
}

/** Verifiers may keep the published set this long, in seconds. */
export const KEY_SET_MAX_AGE = 5 * MINUTE;
// A new key is published this long before it signs, so that every verifier has fetched it by then.
const PUBLISH_LEAD = 2 * KEY_SET_MAX_AGE;
/** The longest life of an access JWT, in seconds; an old key stays published at least this long. */
export const JWT_LIFETIME_MAX = 60 * MINUTE;
const CLOCK_LEEWAY = 2 * MINUTE;

export interface SigningKeys {
  /** Makes the first key if there is none. */
  ensure(): Promise<Result<void>>;
  /** Makes a successor, published at once and signing from ten minutes later; ends what is no longer needed. */
  rotate(actor: Actor): Promise<Result<{ kid: string; activeFrom: number }>>;
  /** Whether the signing key is older than the given age and has no successor yet. */
  isDue(ageSeconds: number): Promise<boolean>;
  /** Signs with the key that is active now. */
  signer(): Promise<Result<Signer>>;
  /** RFC 7517: every key that may have signed a JWT still alive, and the coming one. */
  published(): Promise<JSONWebKeySet>;
  forget(): void;
}

interface Dependencies {
  readonly store: SigningKeyStore;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly newKey: typeof makeSigningKey;
}

const sealContext = (kid: string): string => `signing-key|${kid}|1`;

export function createSigningKeys({ store, sealer, clock, random, newKey }: Dependencies): SigningKeys {
  let cached: Promise<SigningKeyRecord[]> | null = null;
  const signers = new Map<string, Promise<Signer>>();

  const keys = (): Promise<SigningKeyRecord[]> => {
    cached ??= store.signingKeys().catch((error: unknown) => {
      cached = null;
      throw error;
    });
    return cached;
  };

  async function make(activeFrom: number, now: number): Promise<Result<SigningKeyRecord>> {
    const pair = await newKey(randomBase62(12, random));
    const sealed = sealer.seal(pair.privateKey, sealContext(pair.kid));
    if (!sealed.ok) return sealed;
    return ok({
      kid: pair.kid,
      publicJwk: pair.publicJwk,
      sealedPrivateKey: sealed.value,
      createdAt: now,
      activeFrom,
    });
  }

  const byStart = (list: readonly SigningKeyRecord[]): SigningKeyRecord[] =>
    [...list].sort((a, b) => a.activeFrom - b.activeFrom || (a.kid < b.kid ? -1 : 1));

  /** Keys whose signatures can still be alive. */
  function needed(list: readonly SigningKeyRecord[], now: number): SigningKeyRecord[] {
    const ordered = byStart(list);
    return ordered.filter((_, index) => {
      const successor = ordered[index + 1];
      return successor === undefined || now < successor.activeFrom + JWT_LIFETIME_MAX + CLOCK_LEEWAY;
    });
  }

  return {
    async ensure() {
      if ((await store.signingKeys()).length > 0) return ok(undefined);
      const now = seconds(clock);
      const made = await make(now, now);
      if (!made.ok) return made;
      return store.change(async (tx) => {
        if ((await tx.signingKeys()).length > 0) return ok(undefined);
        await tx.insertSigningKey(made.value);
        await tx.changed(change('signing-keys'));
        return ok(undefined);
      });
    },

    async rotate(actor) {
      const now = seconds(clock);
      const made = await make(now + PUBLISH_LEAD, now);
      if (!made.ok) return made;
      const { kid, activeFrom } = made.value;
      return store.change(async (tx) => {
        const present = await tx.signingKeys();
        if (present.some((key) => key.activeFrom > now)) {
          return err(fault('conflict', 'A new signing key is already waiting for its start.'));
        }
        await tx.insertSigningKey(made.value);
        const kept = new Set(needed([...present, made.value], now).map((key) => key.kid));
        for (const key of present) if (!kept.has(key.kid)) await tx.deleteSigningKey(key.kid);
        await tx.changed(change('signing-keys'));
        await tx.audit(
          auditEntry(clock(), actor, { action: 'keys.rotated', subject: kid, detail: { activeFrom } }),
        );
        return ok({ kid, activeFrom });
      });
    },

    async isDue(ageSeconds) {
      const newest = byStart(await keys()).at(-1);
      return newest !== undefined && newest.activeFrom + ageSeconds < seconds(clock);
    },

    async signer() {
      const now = seconds(clock);
      const active = byStart(await keys()).findLast((key) => key.activeFrom <= now);
      if (active === undefined) return err(fault('unavailable', 'There is no signing key yet.'));
      let signer = signers.get(active.kid);
      if (signer === undefined) {
        const opened = sealer.open(active.sealedPrivateKey, sealContext(active.kid));
        if (!opened.ok) return opened;
        signer = createSigner(active.kid, opened.value, 'at+jwt');
        signers.set(active.kid, signer);
      }
      return ok(await signer);
    },

    async published() {
      return { keys: needed(await keys(), seconds(clock)).map((key) => key.publicJwk) };
    },

    forget() {
      cached = null;
    },
  };
}
