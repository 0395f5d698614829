import { type Identity, sameIdentity } from '../access/identity.ts';
import { checkBotName, checkTokenName, checkUsername, isBotName, unknownUser } from '../access/names.ts';
import { mayGrant, mayGrantRoles, mayManageTokensOf, requireScope } from '../access/policy.ts';
import type { Actor } from '../access/principal.ts';
import { ADMIN_SCOPE, type RoleTable, roleHolds, sorted, USER_ROLE } from '../access/scopes.ts';
import { auditEntry } from '../audit/entry.ts';
import type { Clock } from '../base/clock.ts';
import { fault, fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import { NO_USER_INFO, type UserInfo } from '../base/user-info.ts';
import { sha256Hex } from '../crypto/digest.ts';
import type { RandomSource } from '../crypto/random.ts';
import { actorNow } from './actor-now.ts';
import { sweep } from './end.ts';
import { recordHistory } from './history.ts';
import { checkExpiry } from './lifetime.ts';
import type { OwnerRecord, TokenRecord } from './record.ts';
import type { TokenStore, TokenTx } from './store.ts';
import { dottedSpelling, nativeSpelling, randomTokenParts, type TokenParts } from './token-string.ts';

export interface Minted {
  readonly record: TokenRecord;
  /** Both spellings of the secret, shown this one time. */
  readonly token: Secret;
  readonly dotted: Secret;
}

export interface UserTokenRequest {
  readonly owner: string;
  readonly name: string;
  readonly description?: string;
  /** Roles to pin; absent with `scopes` absent too: all that are held now. */
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
  /** Epoch seconds, null for never. */
  readonly expiresAt: number | null;
  /** A bound tighter than the configured one, in seconds, that the calling surface promises. */
  readonly longestSeconds?: number;
  /** An administrator names scopes outright, whoever the owner is; the owner is made if unknown. */
  readonly asGrant?: boolean;
  readonly userInfo?: UserInfo | null;
}

export interface ServiceTokenRequest {
  readonly username: string;
  readonly scopes: readonly string[];
  readonly expiresAt: number | null;
  readonly description?: string;
  readonly userInfo?: UserInfo | null;
}

/** Who stands in the books as the one who did it. */
type Doer = Pick<Actor, 'username' | 'tokenId' | 'address'>;

/** Who was proven to sign in, and by what: the hash of a password, or an identity at the provider. */
export type Proven = { readonly username: string } & (
  | { readonly passwordHash: string }
  | { readonly identity: Identity }
);

export interface Mint {
  /** A personal access token. */
  userToken(actor: Actor, request: UserTokenRequest): Promise<Result<Minted>>;
  /** A bot's token, holding just the scopes an administrator gives it. */
  serviceToken(actor: Actor, request: ServiceTokenRequest): Promise<Result<Minted>>;
  /**
   * A browser's or command line's token after sign-in; carries the roles held at this moment. Fails with
   * `bad_credentials` when what was proven, a password or an identity, is no longer the user's.
   */
  sessionToken(person: Proven, by: Pick<Doer, 'address'>): Promise<Result<Minted>>;
}

export interface MintSettings {
  /** Longest life of a user or service token in seconds; null for no bound. */
  readonly longestSeconds: number | null;
  readonly sessionSeconds: number;
}

interface Dependencies {
  readonly store: TokenStore;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly settings: MintSettings;
}

type Draft = Pick<TokenRecord, 'username' | 'type' | 'createdBy' | 'expiresAt'> & Partial<TokenRecord>;

export function newTokenRecord(parts: TokenParts, atSeconds: number, draft: Draft): TokenRecord {
  return {
    id: parts.id,
    secretDigest: sha256Hex(parts.secret),
    sealedSecret: null,
    name: null,
    description: '',
    roles: null,
    scopes: null,
    granted: [],
    service: null,
    parentId: null,
    createdAt: atSeconds,
    revokedAt: null,
    revokedBy: null,
    sweptAt: null,
    lastUsedAt: null,
    lastUsedAddress: null,
    lastUsedRoute: null,
    userInfo: null,
    ...draft,
  };
}

export function createMint({ store, clock, random, settings }: Dependencies): Mint {
  const longest = (tighter: number | undefined): number | null =>
    tighter === undefined ? settings.longestSeconds : Math.min(tighter, settings.longestSeconds ?? tighter);

  async function insert(tx: TokenTx, parts: TokenParts, record: TokenRecord, actor: Doer): Promise<Minted> {
    await tx.insertToken(record);
    await recordHistory(tx, record, 'create', actor, record.createdAt);
    await tx.audit(
      auditEntry(clock(), actor, {
        action: record.type === 'session' ? 'session.created' : 'token.created',
        subject: record.id,
        detail: describeToken(record),
      }),
    );
    return { record, token: nativeSpelling(parts), dotted: dottedSpelling(parts) };
  }

  return {
    async userToken(asker, request) {
      const now = Math.floor(clock() / 1000);
      const mayAsk = (actor: Actor): Result<void> =>
        request.asGrant
          ? requireScope(actor, ADMIN_SCOPE, 'create tokens for others')
          : mayManageTokensOf(actor, request.owner, 'create tokens');
      const asked = mayAsk(asker);
      if (!asked.ok) return asked;
      const owner = checkUsername(request.owner);
      if (!owner.ok) return owner;
      const name = checkTokenName(request.name);
      if (!name.ok) return name;

      return store.change<Minted>(async (tx) => {
        const current = await actorNow(tx, asker, clock);
        if (!current.ok) return current;
        const actor = current.value;
        const allowed = mayAsk(actor);
        if (!allowed.ok) return allowed;
        const scopesKnown = await checkScopes(tx, request.scopes ?? []);
        if (!scopesKnown.ok) return scopesKnown;
        const expiry = checkExpiry(request.expiresAt, now, longest(request.longestSeconds));
        if (!expiry.ok) return expiry;

        let holder = await tx.owner(request.owner);
        if (holder === null) {
          if (!request.asGrant) return err(unknownUser(request.owner));
          if (await tx.nameIsTaken(request.owner)) return err(nameDiffersInCase(request.owner));
          holder = newOwner(request.owner);
          await tx.insertOwner(holder, actor.username, now);
        }
        if (holder.disabled) return err(fault('owner_disabled', `User '${request.owner}' is disabled.`));

        const rights = pin(actor, holder, request, await tx.roleTable());
        if (!rights.ok) return rights;
        const free = await freeName(tx, request.owner, request.name, clock());
        if (!free.ok) return free;

        const parts = randomTokenParts(random);
        const record = newTokenRecord(parts, now, {
          username: holder.username,
          type: 'user',
          name: request.name,
          description: request.description ?? '',
          ...rights.value,
          createdBy: actor.username,
          expiresAt: expiry.value,
          userInfo: request.userInfo ?? null,
        });
        return ok(await insert(tx, parts, record, actor));
      });
    },

    async serviceToken(asker, request) {
      const mayAsk = (actor: Actor): Result<void> =>
        requireScope(actor, ADMIN_SCOPE, 'create service tokens');
      const asked = mayAsk(asker);
      if (!asked.ok) return asked;
      const now = Math.floor(clock() / 1000);
      return store.change<Minted>(async (tx) => {
        const current = await actorNow(tx, asker, clock);
        if (!current.ok) return current;
        const actor = current.value;
        const allowed = mayAsk(actor);
        if (!allowed.ok) return allowed;
        const scopesKnown = await checkScopes(tx, request.scopes);
        if (!scopesKnown.ok) return scopesKnown;
        const expiry = checkExpiry(request.expiresAt, now, settings.longestSeconds);
        if (!expiry.ok) return expiry;
        const bot = checkBotName(request.username);
        if (!bot.ok) return bot;
        const known = await tx.owner(request.username);
        if (known?.disabled) return err(fault('owner_disabled', `'${request.username}' is disabled.`));
        if (known === null) {
          if (await tx.nameIsTaken(request.username)) return err(nameDiffersInCase(request.username));
          await tx.insertOwner(newOwner(request.username), actor.username, now);
        }
        const scopes = sorted(new Set(request.scopes));
        const parts = randomTokenParts(random);
        const record = newTokenRecord(parts, now, {
          username: known?.username ?? request.username,
          type: 'service',
          description: request.description ?? '',
          scopes,
          granted: scopes,
          createdBy: actor.username,
          expiresAt: expiry.value,
          userInfo: request.userInfo ?? null,
        });
        return ok(await insert(tx, parts, record, actor));
      });
    },

    async sessionToken(person, { address }) {
      const { username } = person;
      const now = Math.floor(clock() / 1000);
      return store.change<Minted>(async (tx) => {
        // Between the proof and now a password may have been changed to end just this.
        const owner = await tx.owner(username);
        if (owner === null || owner.disabled || !(await stillHolds(tx, person))) {
          return err(fault('bad_credentials', 'The name or password is wrong.'));
        }
        const parts = randomTokenParts(random);
        const record = newTokenRecord(parts, now, {
          username,
          type: 'session',
          roles: rolesOf(owner),
          createdBy: username,
          expiresAt: now + settings.sessionSeconds,
        });
        return ok(await insert(tx, parts, record, { username, tokenId: null, address }));
      });
    },
  };
}

const stillHolds = async (tx: TokenTx, person: Proven): Promise<boolean> =>
  'identity' in person
    ? sameIdentity(await tx.identity(person.username), person.identity)
    : (await tx.passwordHash(person.username)) === person.passwordHash;

const rolesOf = (owner: OwnerRecord): string[] =>
  sorted(owner.kind === 'user' ? [USER_ROLE, ...owner.roles] : owner.roles);

const newOwner = (username: string): OwnerRecord => ({
  username,
  kind: isBotName(username) ? 'bot' : 'user',
  disabled: false,
  roles: [],
  userInfo: NO_USER_INFO,
});

const nameDiffersInCase = (username: string) =>
  fieldFault(
    'name_taken',
    'username',
    `'${username}' exists already in another spelling of upper and lower case`,
    'Write the name as the user is registered.',
  );

export async function checkScopes(
  tx: Pick<TokenTx, 'knownScopes'>,
  scopes: readonly string[],
): Promise<Result<void>> {
  const known = await tx.knownScopes();
  const unknown = scopes.filter((scope) => !known.has(scope));
  if (unknown.length === 0) return ok(undefined);
  const names = unknown.map((scope) => `'${scope}'`).join(', ');
  return err(
    fieldFault(
      'unknown_scope',
      'scopes',
      `unknown: ${names}`,
      `See 'tessera scope list'; an administrator registers one with 'tessera scope create NAME'.`,
    ),
  );
}

type Rights = Pick<TokenRecord, 'roles' | 'scopes' | 'granted'>;

/**
 * What the new token is pinned to. Without a wish it is as wide as the token used to ask for it; a wish may not
 * be wider, unless an administrator asks.
 */
function pin(actor: Actor, owner: OwnerRecord, request: UserTokenRequest, table: RoleTable): Result<Rights> {
  const held = rolesOf(owner);
  // Reaches here only when an administrator, or a token that was itself given the scope by one, passes it on.
  const beyondOwner = (scope: string): boolean => !held.some((role) => roleHolds(table, role, scope));

  if (request.roles !== undefined) {
    const wanted = sorted(new Set(request.roles));
    const notHeld = wanted.filter((role) => !held.includes(role));
    if (notHeld.length > 0) {
      const names = notHeld.map((role) => `'${role}'`).join(', ');
      return err(
        fieldFault(
          'role_not_held',
          'roles',
          `'${owner.username}' does not hold ${names}; held: ${held.join(', ')}`,
        ),
      );
    }
    const carried = mayGrantRoles(actor, wanted);
    if (!carried.ok) return carried;
    const reach = wanted.flatMap((role) => [...(table.get(role) ?? [])]);
    const scopes = request.scopes === undefined ? null : sorted(new Set(request.scopes));
    const allowed = mayGrant(actor, scopes ?? reach);
    if (!allowed.ok) return allowed;
    return ok({ roles: wanted, scopes, granted: [] });
  }

  if (request.scopes !== undefined) {
    const scopes = sorted(new Set(request.scopes));
    const allowed = mayGrant(actor, scopes);
    if (!allowed.ok) return allowed;
    return ok({ roles: null, scopes, granted: scopes.filter(beyondOwner) });
  }

  if (actor.username === owner.username && actor.tokenId !== null) {
    if (actor.pinnedScopes === null) return ok({ roles: sorted(actor.roles), scopes: null, granted: [] });
    const scopes = sorted(actor.scopes);
    const roles = actor.pinnedRoles === null ? null : sorted(actor.pinnedRoles);
    return ok({ roles, scopes, granted: scopes.filter(beyondOwner) });
  }
  return ok({ roles: held, scopes: null, granted: [] });
}

/** The name must be free; an expired token gives its name up. */
export async function freeName(
  tx: TokenTx,
  owner: string,
  name: string,
  atMs: number,
): Promise<Result<void>> {
  const other = await tx.liveTokenNamed(owner, name);
  if (other === null) return ok(undefined);
  if (other.expiresAt !== null && other.expiresAt * 1000 <= atMs) {
    await sweep(tx, other, atMs);
    return ok(undefined);
  }
  return err(
    fault('name_taken', `name: '${name}' is the name of another token of '${owner}'.`, {
      fields: [{ field: 'name', message: 'taken by another token of this user' }],
      fix: `Choose another name, or revoke the old one first: tessera token revoke ${name}`,
    }),
  );
}

export function describeToken(record: TokenRecord): Record<string, unknown> {
  const { username, type, name, roles, scopes, granted, expiresAt, service, parentId } = record;
  const detail: Record<string, unknown> = { owner: username, type, expiresAt };
  for (const [key, value] of Object.entries({ name, roles, scopes, service, parentId })) {
    if (value !== null) detail[key] = value;
  }
  if (granted.length > 0 && type !== 'service') detail.grantedBeyondOwner = granted;
  return detail;
}
