import { checkUsername, isBotName } from '../access/names.ts';
import { type Actor, BOOTSTRAP_NAME } from '../access/principal.ts';
import { ADMIN_ROLE } from '../access/scopes.ts';
import { auditEntry } from '../audit/entry.ts';
import { change } from '../base/change.ts';
import { type Clock, seconds } from '../base/clock.ts';
import { fault, fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import { NO_USER_INFO, type UserInfo } from '../base/user-info.ts';
import { digestMatches, sha256Hex } from '../crypto/digest.ts';
import type { PasswordHasher } from '../crypto/password.ts';
import { checkPassword } from './password.ts';
import type { SignedIn } from './record.ts';
import type { PeopleStore } from './store.ts';

/** Id and secret of a token, as its two spellings carry them. */
export interface BootstrapParts {
  readonly id: string;
  readonly secret: string;
}

export interface Setup {
  /** Whether the first administrator is still to be made. */
  isOpen(): Promise<boolean>;
  /** Keeps a fresh one-time secret (its digest only), while there is no administrator. */
  offer(parts: BootstrapParts): Promise<Result<void>>;
  /** Whether these are the configured bootstrap token or an offered one-time secret. */
  accepts(parts: BootstrapParts): Promise<boolean>;
  /** Makes the first administrator, who is signed in by that, and closes this door. */
  firstAdministrator(
    actor: Actor,
    user: { username: string; password: Secret; userInfo?: Partial<UserInfo> },
  ): Promise<Result<SignedIn>>;
}

interface Dependencies {
  readonly store: PeopleStore;
  readonly passwords: PasswordHasher;
  readonly clock: Clock;
  /** From the configuration; stays valid for what a bootstrap token may do. */
  readonly configured: BootstrapParts | null;
}

export function createSetup({ store, passwords, clock, configured }: Dependencies): Setup {
  const configuredDigest = configured === null ? null : sha256Hex(configured.secret);

  const closed = () =>
    err(
      fault('bootstrap_closed', 'There is an administrator already.', {
        fix: "Sign in with 'tessera login', or ask an administrator for an account.",
      }),
    );

  return {
    isOpen: async () => (await store.administrators()).length === 0,

    offer: (parts) =>
      store.change<void>(async (tx) => {
        if ((await tx.administrators()).length > 0) return closed();
        await tx.insertBootstrapSecret(parts.id, sha256Hex(parts.secret), seconds(clock));
        return ok(undefined);
      }),

    async accepts(parts) {
      if (configured !== null && configuredDigest !== null && parts.id === configured.id) {
        return digestMatches(parts.secret, configuredDigest);
      }
      const offered = (await store.bootstrapSecrets()).find(({ id }) => id === parts.id);
      return offered !== undefined && digestMatches(parts.secret, offered.digest);
    },

    async firstAdministrator(actor, { username, password, userInfo }) {
      if (actor.username !== BOOTSTRAP_NAME) {
        return err(fault('forbidden', 'Only the bootstrap secret makes the first administrator.'));
      }
      const name = checkUsername(username);
      if (!name.ok) return name;
      if (isBotName(username))
        return err(fieldFault('invalid_request', 'username', 'a person cannot be named bot-'));
      const fit = checkPassword(password, username);
      if (!fit.ok) return fit;
      const hash = await passwords.hash(password);
      if (!hash.ok) return hash;
      const passwordHash = hash.value;
      return store.change<SignedIn>(async (tx) => {
        if ((await tx.administrators()).length > 0) return closed();
        if (await tx.nameIsTaken(username)) return err(fieldFault('name_taken', 'username', 'taken'));
        await tx.insertPrincipal({
          username,
          kind: 'user',
          userInfo: { ...NO_USER_INFO, ...userInfo },
          passwordHash,
          createdAt: seconds(clock),
          createdBy: actor.username,
        });
        await tx.insertGrant({ username, role: ADMIN_ROLE, grantedBy: actor.username, grantedAt: clock() });
        await tx.deleteBootstrapSecrets();
        await tx.audit(auditEntry(clock(), actor, { action: 'setup.completed', subject: username }));
        await tx.changed(change('principal', username));
        await tx.changed(change('bootstrap'));
        return ok({ username, passwordHash });
      });
    },
  };
}
