import type { Actor, JwtLimits } from '../access/principal.ts';
import { ADMIN_ROLE, type RoleTable, roleHolds, sorted } from '../access/scopes.ts';
import type { Clock } from '../base/clock.ts';
import type { FaultCode } from '../base/fault.ts';
import { digestMatches } from '../crypto/digest.ts';
import type { AccessJwts } from './access-jwt.ts';
import type { Facts, OwnerFacts, TokenFacts } from './facts.ts';
import type { TokenRecord } from './record.ts';
import { parseToken } from './token-string.ts';

/**
 * Proof that a credential is good at this moment, with the facts it was judged by: what it allows is computed from
 * them when asked, whatever is forgotten meanwhile.
 */
export interface Verified {
  readonly ok: true;
  readonly token: TokenFacts;
  readonly owner: OwnerFacts;
  readonly table: RoleTable;
  readonly parent: Verified | null;
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
  actor(verified: Verified, address: string | null): Actor;
}

interface Dependencies {
  readonly facts: Facts;
  readonly jwts: AccessJwts;
  readonly clock: Clock;
  /** Facts that remember nothing yet. */
  readonly anew: () => Facts;
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
const NO_DIGEST = '0'.repeat(64);
const LINEAGE_MAX = 16;
/** Nobody waits for the database longer than its last word is trusted. */
const PATIENCE_MS = 5_000;

function inTime(verdict: Promise<Verdict>): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, PATIENCE_MS, STALE);
    verdict.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}

export function createVerifier({ facts, anew, jwts, clock, feedIsFresh }: Dependencies): Verifier {
  // One object per token while its facts stay the same, so that a warm check allocates nothing.
  const proofs = new WeakMap<TokenFacts, Verified>();
  function proof(token: TokenFacts, owner: OwnerFacts, table: RoleTable, parent: Verified | null): Verified {
    const known = proofs.get(token);
    if (known !== undefined && known.owner === owner && known.table === table && known.parent === parent)
      return known;
    const made: Verified = { ok: true, token, owner, table, parent, jwt: null };
    proofs.set(token, made);
    return made;
  }

  /** Life, owner and parents of a token whose secret is proven; undefined when a fact is not at hand. */
  function judge(token: TokenFacts, nowMs: number, depth = 0): Verdict | undefined {
    const { record } = token;
    if (record.revokedAt !== null) return refused('token_revoked', 'Token was revoked', token);
    if (record.expiresAt !== null && record.expiresAt * 1000 <= nowMs) {
      return refused('token_expired', 'Token has expired', token);
    }
    const owner = facts.owner(record.username);
    const table = facts.roleTable();
    if (owner === undefined || table === undefined) return undefined;
    if (owner === null || owner.record.disabled) {
      return refused('owner_disabled', 'The owner of the token is disabled', token);
    }
    if (record.parentId === null) return proof(token, owner, table, null);
    if (depth > LINEAGE_MAX) return INVALID;
    const parent = facts.token(record.parentId);
    if (parent === undefined) return undefined;
    if (parent === null) return refused('token_revoked', 'The parent of the token is gone', token);
    const above = judge(parent, nowMs, depth + 1);
    if (above === undefined || !above.ok) {
      return above && refused(above.code, 'The parent of the token is no longer valid', token);
    }
    return proof(token, owner, table, above);
  }

  /** Reads whatever the judgement of this token needs, then judges; facts may change between the two. */
  async function judgeCold(id: string, secret: string | null): Promise<Verdict> {
    for (let attempt = 0; attempt < 5; attempt++) {
      const token = facts.token(id) ?? (await facts.loadToken(id));
      // Compared before anything else is read: a wrong secret costs the same whether or not the id exists.
      if (secret !== null && !digestMatches(secret, token?.record.secretDigest ?? NO_DIGEST)) return INVALID;
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
    if (token === undefined) return inTime(judgeCold(id, secret));
    if (token === null) {
      if (secret !== null) digestMatches(secret, NO_DIGEST);
      return INVALID;
    }
    if (secret !== null && !digestMatches(secret, token.record.secretDigest)) return INVALID;
    return judge(token, clock()) ?? inTime(judgeCold(id, secret));
  }

  async function checkJwt(text: string): Promise<Verdict> {
    const jwt = await jwts.check(text);
    if (jwt === null) return INVALID;
    const verdict = await checkOpaque(jwt.tokenId, null);
    return verdict.ok ? { ...verdict, jwt: jwt.limits } : verdict;
  }

  async function checkAnew(credential: string): Promise<Verdict> {
    const remembered = await check(credential);
    if (!remembered.ok) return remembered;
    const fresh = createVerifier({ facts: anew(), anew, jwts, clock, feedIsFresh });
    const verdict = await fresh.checkById(remembered.token.record.id);
    return verdict.ok ? { ...verdict, jwt: remembered.jwt } : verdict;
  }

  function check(credential: string): Verdict | Promise<Verdict> {
    const parts = parseToken(credential);
    if (parts !== null) return checkOpaque(parts.id, parts.secret);
    return credential.startsWith('eyJ') ? checkJwt(credential) : INVALID;
  }

  return {
    check,
    checkAnew,
    checkById: (id) => checkOpaque(id, null),
    holds,
    effectiveScopes,
    effectiveRoles,
    actor(verified, address) {
      const { record } = verified.token;
      return {
        kind: verified.owner.record.kind,
        username: record.username,
        tokenId: record.id,
        tokenType: record.type,
        tokenName: record.name,
        scopes: new Set(effectiveScopes(verified)),
        roles: effectiveRoles(verified),
        pinnedScopes: verified.jwt?.narrowed ? [...verified.jwt.scopes] : record.scopes,
        pinnedRoles: record.roles === null ? null : rolesHeld(verified),
        jwt: verified.jwt,
        expiresAt: record.expiresAt,
        address,
      };
    },
  };
}

const holds = (verified: Verified, scope: string): boolean =>
  (verified.jwt === null || verified.jwt.scopes.has(scope)) && holdsIn(verified, scope);

function holdsIn({ token, owner, table, parent }: Verified, scope: string): boolean {
  if (token.scopes !== null && !token.scopes.has(scope)) return false;
  if (parent !== null) return holdsIn(parent, scope);
  // A scope taken out of the registry opens nothing any more; the administrator's role lists all there are.
  if (token.granted.has(scope)) return roleHolds(table, ADMIN_ROLE, scope);
  if (token.record.type === 'service') return false;
  for (const role of owner.roles) {
    if ((token.roles === null || token.roles.includes(role)) && roleHolds(table, role, scope)) return true;
  }
  return false;
}

/** Every scope that might be held, to be asked one by one. */
function candidates({ token, table, parent }: Verified, roles: readonly string[]): Iterable<string> {
  if (token.scopes !== null) return token.scopes;
  if (parent !== null) return candidates(parent, rolesHeld(parent));
  const names = new Set(token.granted);
  for (const role of roles) for (const scope of table.get(role) ?? []) names.add(scope);
  return names;
}

const effectiveScopes = (verified: Verified): string[] =>
  sorted(candidates(verified, rolesHeld(verified))).filter((scope) => holds(verified, scope));

/** Roles carried whole: a token narrowed to scopes carries none, however many scopes it was left. */
const effectiveRoles = (verified: Verified): string[] =>
  verified.token.scopes !== null || verified.jwt?.narrowed ? [] : rolesHeld(verified);

const rolesHeld = ({ token, owner, parent }: Verified): string[] =>
  parent !== null
    ? []
    : sorted(owner.roles.filter((role) => token.roles === null || token.roles.includes(role)));
