import type { Actor, JwtLimits } from '../access/principal.ts';
import { ADMIN_ROLE, roleHolds, sorted } from '../access/scopes.ts';
import type { Clock } from '../base/clock.ts';
import type { FaultCode } from '../base/fault.ts';
import { NO_USER_INFO } from '../base/user-info.ts';
import { digestMatches, storedDigest } from '../crypto/digest.ts';
import type { AccessJwts } from './access-jwt.ts';
import type { Facts, OwnerFacts, TokenFacts } from './facts.ts';
import type { TokenRecord } from './record.ts';
import { parseToken } from './token-string.ts';

/** Proof that a credential is good at this moment. What it allows is asked of the verifier, at this moment too. */
export interface Verified {
  readonly ok: true;
  readonly token: TokenFacts;
  /** For an access JWT: what it was cut down to. */
  readonly jwt: JwtLimits | null;
}

export interface Refused {
  readonly ok: false;
  readonly code: FaultCode;
  readonly message: string;
  /** The token whose secret was proven, so that its holder may be told more and the refusal is audited. */
  readonly token: TokenFacts | null;
}

export type Verdict = Verified | Refused;

export interface Verifier {
  /** Judges an opaque token or an access JWT. Synchronous whenever its facts are at hand. */
  check(credential: string): Verdict | Promise<Verdict>;
  /**
   * The same from what storage says now instead of what is remembered: for requests that change something, whose
   * effect would outlast a revocation still on its way here.
   */
  checkAnew(credential: string): Promise<Verdict>;
  /** Judges a token by id, without its secret: for sessions resumed and JWTs, whose proof is their signature. */
  checkById(id: string): Verdict | Promise<Verdict>;
  holds(verified: Verified, scope: string): boolean;
  effectiveScopes(verified: Verified): string[];
  effectiveRoles(verified: Verified): string[];
  ownerOf(verified: Verified): OwnerFacts;
  actor(verified: Verified, address: string | null): Actor;
}

interface Dependencies {
  readonly facts: Facts;
  readonly jwts: AccessJwts;
  readonly clock: Clock;
  /** Whether the change feed was followed recently enough to trust what is in memory. */
  readonly feedIsFresh: () => boolean;
}

const refused = (code: FaultCode, message: string, token: TokenFacts | null = null): Refused => ({
  ok: false,
  code,
  message,
  token,
});

// Made once: a refusal of junk allocates nothing. The same words for every token that is not proven.
const INVALID = refused('invalid_token', 'Token is not valid');
const STALE = refused('unavailable', 'Cannot tell at the moment whether the token was revoked; try again');
const NO_DIGEST = storedDigest('0'.repeat(64));
const LINEAGE_MAX = 16;

export function createVerifier({ facts, jwts, clock, feedIsFresh }: Dependencies): Verifier {
  // A JWT's scopes are laid over its token's; kept per token so that a warm check allocates nothing.
  const opaque = new WeakMap<TokenFacts, Verified>();
  const asVerified = (token: TokenFacts): Verified => {
    let verified = opaque.get(token);
    if (verified === undefined) {
      verified = { ok: true, token, jwt: null };
      opaque.set(token, verified);
    }
    return verified;
  };

  /** Life, owner and parents of a token whose secret is proven; undefined when a fact is not at hand. */
  function judge(token: TokenFacts, nowMs: number, depth = 0): Verdict | undefined {
    const { record } = token;
    if (record.revokedAt !== null) return refused('token_revoked', 'Token was revoked', token);
    if (record.expiresAt !== null && record.expiresAt * 1000 <= nowMs) {
      return refused('token_expired', 'Token has expired', token);
    }
    const owner = facts.owner(record.username);
    if (owner === undefined || facts.roleTable() === undefined) return undefined;
    if (owner === null || owner.record.disabled) {
      return refused('owner_disabled', 'The owner of the token is disabled', token);
    }
    if (record.parentId !== null) {
      if (depth > LINEAGE_MAX) return INVALID;
      const parent = facts.token(record.parentId);
      if (parent === undefined) return undefined;
      if (parent === null) return refused('token_revoked', 'The parent of the token is gone', token);
      const above = judge(parent, nowMs, depth + 1);
      if (above === undefined) return undefined;
      if (!above.ok) return refused(above.code, 'The parent of the token is no longer valid', token);
    }
    return asVerified(token);
  }

  /** Reads whatever the judgement of this token needs, then judges; facts may change between the two. */
  async function judgeCold(id: string, secret: string | null): Promise<Verdict> {
    for (let attempt = 0; attempt < 5; attempt++) {
      const token = facts.token(id) ?? (await facts.loadToken(id));
      // Compared before anything else is read: a wrong secret costs the same whether or not the id exists.
      if (secret !== null && !digestMatches(secret, token?.digest ?? NO_DIGEST)) return INVALID;
      if (token === null || !(await loadLineage(token))) return INVALID;
      if (!feedIsFresh()) return STALE;
      const verdict = judge(token, clock());
      if (verdict !== undefined) return verdict;
    }
    return STALE;
  }

  /** Reads what the judgement of this token needs; false when its owner is gone. */
  async function loadLineage(token: TokenFacts): Promise<boolean> {
    if (facts.roleTable() === undefined) await facts.loadRoleTable();
    for (let link: TokenFacts | null = token, depth = 0; link !== null && depth <= LINEAGE_MAX; depth++) {
      const { username, parentId }: TokenRecord = link.record;
      const owner = facts.owner(username);
      if (owner === null || (owner === undefined && (await facts.loadOwner(username)) === null)) return false;
      link = parentId === null ? null : (facts.token(parentId) ?? (await facts.loadToken(parentId)));
    }
    return true;
  }

  function checkOpaque(id: string, secret: string | null): Verdict | Promise<Verdict> {
    if (!feedIsFresh()) return STALE;
    const token = facts.token(id);
    if (token === undefined) return judgeCold(id, secret);
    if (token === null) {
      if (secret !== null) digestMatches(secret, NO_DIGEST);
      return INVALID;
    }
    if (secret !== null && !digestMatches(secret, token.digest)) return INVALID;
    return judge(token, clock()) ?? judgeCold(id, secret);
  }

  async function checkJwt(text: string): Promise<Verdict> {
    const jwt = await jwts.check(text);
    if (jwt === null) return INVALID;
    const verdict = await checkOpaque(jwt.tokenId, null);
    return verdict.ok ? { ok: true, token: verdict.token, jwt: jwt.limits } : verdict;
  }

  function holdsIn(token: TokenFacts, scope: string): boolean {
    if (token.scopes !== null && !token.scopes.has(scope)) return false;
    if (token.record.parentId !== null) {
      const parent = facts.token(token.record.parentId);
      return parent != null && holdsIn(parent, scope);
    }
    const table = facts.roleTable();
    if (table === undefined) return false;
    // A scope taken out of the registry opens nothing any more; the administrator's role lists all there are.
    if (token.granted.has(scope)) return roleHolds(table, ADMIN_ROLE, scope);
    if (token.record.type === 'service') return false;
    const owner = facts.owner(token.record.username);
    if (owner == null) return false;
    for (const role of owner.roles) {
      if ((token.roles === null || token.roles.includes(role)) && roleHolds(table, role, scope)) return true;
    }
    return false;
  }

  const holds = (verified: Verified, scope: string): boolean =>
    (verified.jwt === null || verified.jwt.scopes.has(scope)) && holdsIn(verified.token, scope);

  function candidates(token: TokenFacts): Iterable<string> {
    if (token.scopes !== null) return token.scopes;
    const parent = token.record.parentId === null ? null : facts.token(token.record.parentId);
    if (parent) return candidates(parent);
    const table = facts.roleTable();
    const names = new Set(token.granted);
    for (const role of facts.owner(token.record.username)?.roles ?? []) {
      if (token.roles !== null && !token.roles.includes(role)) continue;
      for (const scope of table?.get(role) ?? []) names.add(scope);
    }
    return names;
  }

  const effectiveScopes = (verified: Verified): string[] =>
    sorted(candidates(verified.token)).filter((scope) => holds(verified, scope));

  /** Roles carried whole: a token narrowed to scopes carries none, however many scopes it was left. */
  function effectiveRoles({ token, jwt }: Verified): string[] {
    return token.scopes !== null || jwt?.narrowed ? [] : rolesHeld(token);
  }

  function rolesHeld(token: TokenFacts): string[] {
    if (token.record.parentId !== null) return [];
    const held = facts.owner(token.record.username)?.roles ?? [];
    return sorted(held.filter((role) => token.roles === null || token.roles.includes(role)));
  }

  const ownerOf = (verified: Verified): OwnerFacts => {
    const { username } = verified.token.record;
    // Forgotten between verdict and question: the owner changed in this very moment, so nothing is held.
    return (
      facts.owner(username) ?? {
        record: { username, kind: 'user', disabled: true, roles: [], userInfo: NO_USER_INFO },
        roles: [],
      }
    );
  };

  function check(credential: string): Verdict | Promise<Verdict> {
    const parts = parseToken(credential);
    if (parts !== null) return checkOpaque(parts.id, parts.secret);
    return credential.startsWith('eyJ') ? checkJwt(credential) : INVALID;
  }

  function forgetLineage(token: TokenFacts): void {
    facts.forget({ topic: 'roles', key: '*' });
    for (let link: TokenFacts | null = token; link !== null; ) {
      const { id, username, parentId }: TokenRecord = link.record;
      const parent: TokenFacts | null = parentId === null ? null : (facts.token(parentId) ?? null);
      facts.forget({ topic: 'token', key: id });
      facts.forget({ topic: 'principal', key: username });
      link = parent;
    }
  }

  return {
    check,
    async checkAnew(credential) {
      const remembered = await check(credential);
      if (!remembered.ok) return remembered;
      forgetLineage(remembered.token);
      const verdict = await checkOpaque(remembered.token.record.id, null);
      return verdict.ok ? { ...verdict, jwt: remembered.jwt } : verdict;
    },
    checkById: (id) => checkOpaque(id, null),
    holds,
    effectiveScopes,
    effectiveRoles,
    ownerOf,
    actor(verified, address) {
      const { record } = verified.token;
      return {
        kind: ownerOf(verified).record.kind,
        username: record.username,
        tokenId: record.id,
        tokenType: record.type,
        tokenName: record.name,
        scopes: new Set(effectiveScopes(verified)),
        roles: effectiveRoles(verified),
        pinnedScopes: verified.jwt?.narrowed ? [...verified.jwt.scopes] : record.scopes,
        pinnedRoles: record.roles === null ? null : rolesHeld(verified.token),
        jwt: verified.jwt,
        expiresAt: record.expiresAt,
        address,
      };
    },
  };
}
