import { LRUCache } from 'lru-cache';
import type { JwtLimits } from '../access/principal.ts';
import { type Clock, seconds } from '../base/clock.ts';
import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { Secret } from '../base/secret.ts';
import { sha256Hex } from '../crypto/digest.ts';
import { type RandomSource, randomBase62 } from '../crypto/random.ts';
import { createJwtCheck, type JwtCheck } from '../crypto/signing.ts';
import { JWT_LIFETIME_MAX, type SigningKeys } from './signing-keys.ts';

/** What goes into an access JWT (RFC 9068 section 2.2, and `tid`, the public id of the token it stands for). */
export interface JwtRequest {
  readonly username: string;
  readonly tokenId: string;
  readonly scopes: readonly string[];
  readonly audience: string;
  /** The token's own end, which the JWT does not outlive; null: none. */
  readonly tokenExpiresAt: number | null;
  readonly lifetimeSeconds: number;
  /** Whether `scopes` are a choice among those the token holds. */
  readonly narrowed: boolean;
  /** More claims that a compatible surface promises. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

export interface AccessJwt {
  readonly jwt: Secret;
  readonly expiresAt: number;
}

export interface AccessJwts {
  issue(request: JwtRequest): Promise<Result<AccessJwt>>;
  /**
   * The token id and limits of a JWT that we signed for ourselves and that is still alive, else null. One made out
   * to another audience opens nothing here. The token itself is judged apart.
   */
  check(jwt: string): Promise<CheckedJwt | null>;
  forget(): void;
}

interface Dependencies {
  readonly keys: SigningKeys;
  readonly issuer: string;
  readonly clock: Clock;
  readonly random: RandomSource;
}

export interface CheckedJwt {
  readonly tokenId: string;
  readonly limits: JwtLimits;
}

// Another replica's clock may be a little ahead of ours.
const LEEWAY_SECONDS = 60;
/** `typ` of an access JWT (RFC 9068 section 2.1). */
export const ACCESS_JWT_TYPE = 'at+jwt';

export function createAccessJwts({ keys, issuer, clock, random }: Dependencies): AccessJwts {
  // Keyed by digest, so that no live credential lies in memory in clear.
  const checked = new LRUCache<string, CheckedJwt>({ max: 20_000 });
  let verify: Promise<JwtCheck> | null = null;

  function checker(): Promise<JwtCheck> {
    if (verify !== null) return verify;
    const made = keys.published().then((set) => createJwtCheck(set, { issuer, typ: ACCESS_JWT_TYPE }));
    verify = made;
    // A read that failed is tried again with the next JWT.
    made.catch(() => {
      if (verify === made) verify = null;
    });
    return made;
  }

  return {
    async issue(request) {
      const now = seconds(clock);
      const lifetime = Math.min(request.lifetimeSeconds, JWT_LIFETIME_MAX);
      const expiresAt = Math.min(now + lifetime, request.tokenExpiresAt ?? Number.POSITIVE_INFINITY);
      if (expiresAt <= now) return err(fault('token_expired', 'Token has expired'));
      const signer = await keys.signer();
      if (!signer.ok) return signer;
      const jwt = await signer.value({
        ...request.extra,
        iss: issuer,
        sub: request.username,
        aud: request.audience,
        iat: now,
        nbf: now,
        exp: expiresAt,
        jti: randomBase62(22, random),
        tid: request.tokenId,
        scope: request.scopes.join(' '),
        ...(request.narrowed ? { narrowed: true } : {}),
      });
      return ok({ jwt: new Secret(jwt), expiresAt });
    },

    async check(text) {
      const now = seconds(clock);
      const digest = sha256Hex(text);
      const known = checked.get(digest);
      if (known !== undefined) return known.limits.expiresAt + LEEWAY_SECONDS > now ? known : null;
      const claims = await (await checker())(text, now);
      if (claims === null || typeof claims.tid !== 'string' || typeof claims.exp !== 'number') return null;
      const scope = typeof claims.scope === 'string' ? claims.scope : '';
      const fresh: CheckedJwt = {
        tokenId: claims.tid,
        limits: {
          scopes: new Set(scope.split(' ').filter((name) => name !== '')),
          narrowed: claims.narrowed === true,
          expiresAt: claims.exp,
        },
      };
      checked.set(digest, fresh);
      return fresh;
    },

    forget() {
      verify = null;
      checked.clear();
    },
  };
}
