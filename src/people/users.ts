import { checkUsername, isBotName, unknownUser } from '../access/names.ts';
import { missingScope, requireScope } from '../access/policy.ts';
import { type Actor, PROVIDER_NAME } from '../access/principal.ts';
import { ADMIN_ROLE, ADMIN_SCOPE, OWN_TOKENS_SCOPE, USER_ROLE } from '../access/scopes.ts';
import { type AuditAction, auditEntry } from '../audit/entry.ts';
import { change } from '../base/change.ts';
import { type Clock, seconds } from '../base/clock.ts';
import { type Fault, fault, fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import { NO_USER_INFO, type UserInfo } from '../base/user-info.ts';
import type { PasswordHasher } from '../crypto/password.ts';
import { checkPassword } from './password.ts';
import type { PrincipalRecord, PrincipalWithGrants, RoleGrant } from './record.ts';
import type { SignIn } from './sign-in.ts';
import type { PeopleStore, PeopleTx, PrincipalFilter } from './store.ts';

export interface NewUser {
  readonly username: string;
  readonly password?: Secret;
  readonly userInfo?: Partial<UserInfo>;
  readonly roles?: readonly string[];
}

export type UserWithRoles = PrincipalWithGrants;

export interface Users {
  create(actor: Actor, user: NewUser): Promise<Result<UserWithRoles>>;
  one(actor: Actor, username: string): Promise<Result<UserWithRoles>>;
  list(actor: Actor, filter: PrincipalFilter): Promise<Result<UserWithRoles[]>>;
  /** `count` of them, passing over the first `skip`, and how many there are in all. */
  page(
    actor: Actor,
    filter: PrincipalFilter,
    skip: number,
    count: number,
  ): Promise<Result<{ total: number; users: PrincipalRecord[] }>>;
  change(
    actor: Actor,
    username: string,
    wish: { userInfo?: Partial<UserInfo>; disabled?: boolean },
  ): Promise<Result<UserWithRoles>>;
  /**
   * One's own with the old password, which is proven like a sign-in and slowed down with it; anybody's for
   * administrators. Ends the user's sessions.
   */
  setPassword(actor: Actor, username: string, password: Secret, old: Secret | null): Promise<Result<void>>;
  /** Takes roles and tokens along. */
  remove(actor: Actor, username: string): Promise<Result<void>>;
  grantRole(actor: Actor, username: string, role: string): Promise<Result<RoleGrant>>;
  /** True when it was held. The user's tokens lose it at once and for good: a later grant is not theirs. */
  withdrawRole(actor: Actor, username: string, role: string): Promise<Result<boolean>>;
  holdersOf(actor: Actor, role: string): Promise<Result<RoleGrant[]>>;
}

interface Dependencies {
  readonly store: PeopleStore;
  readonly clock: Clock;
  readonly passwords: PasswordHasher;
  readonly signIn: SignIn;
}

export function createUsers({ store, clock, passwords, signIn }: Dependencies): Users {
  const administrator = (actor: Actor, doing: string) => requireScope(actor, ADMIN_SCOPE, doing);

  const withRoles = async (
    reads: Pick<PeopleStore, 'grantsOf'>,
    principal: PrincipalRecord,
  ): Promise<UserWithRoles> => ({ ...principal, roles: await reads.grantsOf(principal.username) });

  const note = (tx: PeopleTx, actor: Actor, action: AuditAction, subject: string, detail = {}) =>
    tx.audit(auditEntry(clock(), actor, { action, subject, detail }));

  async function grant(
    tx: PeopleTx,
    actor: Actor,
    username: string,
    role: string,
  ): Promise<Result<RoleGrant>> {
    const known = (await tx.roles()).some((candidate) => candidate.name === role);
    if (!known) return err(unknownRole(role));
    const present = (await tx.grantsOf(username)).find((held) => held.role === role);
    if (present !== undefined && present.grantedBy !== PROVIDER_NAME) return ok(present);
    const given = { username, role, grantedBy: actor.username, grantedAt: clock() };
    // Every user has it without a grant; a grant of it would be one that could be withdrawn.
    if (role === USER_ROLE) return ok(given);
    // Given by hand it stays, whatever becomes of the group at the provider.
    if (present !== undefined) await tx.deleteGrant(username, role);
    await tx.insertGrant(given);
    await note(tx, actor, 'role.granted', username, { role });
    await tx.changed(change('principal', username));
    return ok(given);
  }

  /** Somebody must be left who can repair things. */
  async function staysAdministered(tx: PeopleTx, username: string): Promise<Result<void>> {
    const others = (await tx.administrators()).filter((name) => name !== username);
    return others.length > 0
      ? ok(undefined)
      : err(
          fault('last_administrator', `'${username}' is the last administrator.`, {
            fix: `Give somebody else the role first: tessera user role add NAME ${ADMIN_ROLE}`,
          }),
        );
  }

  const isAdmin = async (tx: PeopleTx, username: string): Promise<boolean> =>
    (await tx.administrators()).includes(username);

  return {
    async create(actor, user) {
      const allowed = administrator(actor, 'create users');
      if (!allowed.ok) return allowed;
      const username = checkUsername(user.username);
      if (!username.ok) return username;
      if (isBotName(user.username)) {
        return err(
          fieldFault(
            'invalid_request',
            'username',
            'names that begin with bot- belong to service tokens',
            `Make one with: tessera service-token create ${user.username} --scopes SCOPE`,
          ),
        );
      }
      const hash = user.password === undefined ? null : await hashOf(user.password, user.username, passwords);
      if (hash !== null && !hash.ok) return hash;
      return store.change<UserWithRoles>(async (tx) => {
        if (await tx.nameIsTaken(user.username)) {
          return err(
            fault(
              'name_taken',
              `username: '${user.username}' exists already (upper and lower case count as the same).`,
              {
                fields: [{ field: 'username', message: 'taken' }],
              },
            ),
          );
        }
        await tx.insertPrincipal({
          username: user.username,
          kind: 'user',
          userInfo: { ...NO_USER_INFO, ...user.userInfo },
          passwordHash: hash?.value ?? null,
          createdAt: seconds(clock),
          createdBy: actor.username,
        });
        await note(tx, actor, 'user.created', user.username);
        for (const role of new Set(user.roles ?? [])) {
          const granted = await grant(tx, actor, user.username, role);
          if (!granted.ok) return granted;
        }
        await tx.changed(change('principal', user.username));
        const made = await tx.principal(user.username);
        return made === null ? err(unknownUser(user.username)) : ok(await withRoles(tx, made));
      });
    },

    async one(actor, username) {
      if (actor.username !== username && !actor.scopes.has('admin:userinfo')) {
        const allowed = administrator(actor, 'read other users');
        if (!allowed.ok) return allowed;
      }
      const principal = await store.principal(username);
      return principal === null ? err(unknownUser(username)) : ok(await withRoles(store, principal));
    },

    async page(actor, filter, skip, count) {
      const allowed = mayList(actor);
      if (!allowed.ok) return allowed;
      const found = await store.principals(filter);
      return ok({ total: found.length, users: found.slice(skip, skip + count) });
    },

    async list(actor, filter) {
      const allowed = mayList(actor);
      if (!allowed.ok) return allowed;
      return ok(await store.principalsWithGrants(filter));
    },

    async change(actor, username, wish) {
      const allowed = administrator(actor, 'change users');
      if (!allowed.ok) return allowed;
      return store.change<UserWithRoles>(async (tx) => {
        const present = await tx.principal(username);
        if (present === null) return err(unknownUser(username));
        if (wish.disabled === true && (await isAdmin(tx, username))) {
          const safe = await staysAdministered(tx, username);
          if (!safe.ok) return safe;
        }
        await tx.updatePrincipal(username, {
          ...(wish.disabled === undefined ? {} : { disabled: wish.disabled }),
          ...(wish.userInfo === undefined ? {} : { userInfo: { ...present.userInfo, ...wish.userInfo } }),
        });
        await note(tx, actor, 'user.changed', username, { ...wish });
        await tx.changed(change('principal', username));
        const after = await tx.principal(username);
        return after === null ? err(unknownUser(username)) : ok(await withRoles(tx, after));
      });
    },

    async setPassword(actor, username, password, old) {
      const allowed = maySetPassword(actor, username, old !== null);
      if (!allowed.ok) return allowed;
      if (isBotName(username)) {
        return err(fieldFault('invalid_request', 'username', 'bots have no password; they use their tokens'));
      }
      const fit = checkPassword(password, username);
      if (!fit.ok) return fit;
      const proven = old === null ? null : await signIn.withPassword(username, old, actor.address);
      if (proven !== null && !proven.ok) {
        return proven.error.code === 'bad_credentials' ? err(WRONG_OLD_PASSWORD) : proven;
      }
      const hash = await passwords.hash(password);
      if (!hash.ok) return hash;
      return store.change<void>(async (tx) => {
        if ((await tx.principal(username)) === null) return err(unknownUser(username));
        if (proven !== null && (await tx.passwordHash(username)) !== proven.value.passwordHash) {
          return err(WRONG_OLD_PASSWORD);
        }
        await tx.updatePrincipal(username, { passwordHash: hash.value });
        const endedSessions = await tx.revokeTokensOf(username, 'sessions', actor, clock());
        await note(tx, actor, 'password.changed', username, { endedSessions });
        return ok(undefined);
      });
    },

    async remove(actor, username) {
      const allowed = administrator(actor, 'delete users');
      if (!allowed.ok) return allowed;
      return store.change<void>(async (tx) => {
        if ((await tx.principal(username)) === null) return err(unknownUser(username));
        if (await isAdmin(tx, username)) {
          const safe = await staysAdministered(tx, username);
          if (!safe.ok) return safe;
        }
        const revokedTokens = await tx.revokeTokensOf(username, 'all', actor, clock());
        await tx.deletePrincipal(username);
        await note(tx, actor, 'user.deleted', username, { revokedTokens });
        await tx.changed(change('principal', username));
        return ok(undefined);
      });
    },

    async grantRole(actor, username, role) {
      const allowed = administrator(actor, 'give roles');
      if (!allowed.ok) return allowed;
      return store.change<RoleGrant>(async (tx) => {
        const principal = await tx.principal(username);
        if (principal === null) return err(unknownUser(username));
        if (principal.kind === 'bot') {
          return err(
            fieldFault('invalid_request', 'username', 'bots hold scopes by their tokens, not roles'),
          );
        }
        return grant(tx, actor, username, role);
      });
    },

    async withdrawRole(actor, username, role) {
      const allowed = administrator(actor, 'take roles away');
      if (!allowed.ok) return allowed;
      return store.change<boolean>(async (tx) => {
        if ((await tx.principal(username)) === null) return err(unknownUser(username));
        if (role === USER_ROLE) return err(fault('immutable', `Every user has the role '${USER_ROLE}'.`));
        if (role === ADMIN_ROLE && (await isAdmin(tx, username))) {
          const safe = await staysAdministered(tx, username);
          if (!safe.ok) return safe;
        }
        const held = await tx.deleteGrant(username, role);
        if (held) {
          await tx.unpinRole(username, role);
          await note(tx, actor, 'role.withdrawn', username, { role });
          await tx.changed(change('principal', username));
        }
        return ok(held);
      });
    },

    async holdersOf(actor, role) {
      const allowed = administrator(actor, 'list who holds a role');
      if (!allowed.ok) return allowed;
      const known = (await store.roles()).some((candidate) => candidate.name === role);
      return known ? ok(await store.grantsOfRole(role)) : err(unknownRole(role));
    },
  };
}

function mayList(actor: Actor): Result<void> {
  if (actor.scopes.has(ADMIN_SCOPE) || actor.scopes.has('admin:userinfo')) return ok(undefined);
  return err(missingScope([ADMIN_SCOPE, 'admin:userinfo'], 'list users'));
}

async function hashOf(
  password: Secret,
  username: string,
  passwords: PasswordHasher,
): Promise<Result<string>> {
  const fit = checkPassword(password, username);
  return fit.ok ? passwords.hash(password) : fit;
}

/** A token that may do nothing must not serve to guess its owner's password either. */
function maySetPassword(actor: Actor, username: string, withOld: boolean): Result<void> {
  if (actor.username !== username) return requireScope(actor, ADMIN_SCOPE, 'set passwords of others');
  return withOld
    ? requireScope(actor, OWN_TOKENS_SCOPE, 'change your password')
    : requireScope(actor, ADMIN_SCOPE, 'change a password without the old one');
}

const WRONG_OLD_PASSWORD = fieldFault('bad_credentials', 'old_password', 'is wrong');

export const unknownRole = (role: string): Fault =>
  fault('unknown_role', `There is no role '${role}'.`, { fix: "See 'tessera role list'." });
