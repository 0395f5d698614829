import type { Identity } from '../access/identity.ts';
import { checkUsername, isBotName } from '../access/names.ts';
import { PROVIDER_NAME } from '../access/principal.ts';
import { ADMIN_ROLE, USER_ROLE } from '../access/scopes.ts';
import { refused } from '../access/sign-in-refusal.ts';
import { type AuditAction, auditEntry } from '../audit/entry.ts';
import { change } from '../base/change.ts';
import { type Clock, seconds } from '../base/clock.ts';
import { ok, type Result } from '../base/result.ts';
import { NO_USER_INFO } from '../base/user-info.ts';
import type { PrincipalRecord } from './record.ts';
import type { PeopleStore, PeopleTx } from './store.ts';

/** What the provider proved about a person, and what it says besides. */
export interface KnownPerson {
  readonly identity: Identity;
  readonly username: string;
  readonly groups: readonly string[];
  readonly name: string | null;
  readonly email: string | null;
}

export interface ProviderSignIn {
  /**
   * The user of this identity, made at the first sign-in if admission allows, with the roles of its groups: given
   * and withdrawn to match, all in one step. Roles given by hand are left alone.
   */
  admit(
    person: KnownPerson,
    address: string | null,
  ): Promise<Result<{ username: string; identity: Identity }>>;
}

export interface AdmissionRules {
  readonly roles: readonly { readonly group: string; readonly role: string }[];
  readonly admission: 'all' | 'mapped' | 'none';
}

// The subject is not put in here: it is whatever the provider says, and this is a line that people copy.
const LINK_FIX =
  "An administrator links a user to an account there: tessera user link NAME SUBJECT, the subject being in 'tessera audit --action session.refused'.";

interface Dependencies {
  readonly store: PeopleStore;
  readonly clock: Clock;
  readonly rules: AdmissionRules;
}

export function createProviderSignIn({ store, clock, rules }: Dependencies): ProviderSignIn {
  return {
    admit: (person, address) =>
      store.change(async (tx) => {
        const note = (action: AuditAction, subject: string, detail = {}) =>
          tx.audit(
            auditEntry(
              clock(),
              { username: PROVIDER_NAME, tokenId: null, address },
              { action, subject, detail },
            ),
          );
        const known = new Set((await tx.roles()).map((role) => role.name));
        const mapped = new Map(
          rules.roles
            .filter(({ group, role }) => person.groups.includes(group) && known.has(role))
            .map(({ group, role }) => [role, group]),
        );

        const present = await tx.principalWithIdentity(person.identity);
        if (present?.disabled)
          return refused(
            'disabled',
            `'${present.username}' is disabled`,
            'Ask an administrator to enable it.',
          );
        const user = present === null ? await admitNew(tx, person, mapped.size > 0) : ok(present);
        if (!user.ok) return user;
        const { username } = user.value;
        if (present === null) await note('user.created', username, { ...person.identity });
        else await refresh(tx, present, person);
        mapped.delete(USER_ROLE);
        await matchRoles(tx, username, mapped, clock(), note);
        await tx.changed(change('principal', username));
        return ok({ username, identity: person.identity });
      }),
  };

  async function admitNew(
    tx: PeopleTx,
    person: KnownPerson,
    hasMappedGroup: boolean,
  ): Promise<Result<{ username: string }>> {
    const { username, identity } = person;
    if (rules.admission === 'none' || (rules.admission === 'mapped' && !hasMappedGroup)) {
      return refused(
        'not_admitted',
        rules.admission === 'none'
          ? 'users are made by an administrator only'
          : 'none of your groups at the provider opens this door',
        LINK_FIX,
      );
    }
    const fit = checkUsername(username);
    if (!fit.ok || isBotName(username)) {
      return refused(
        'username',
        `the provider's name for you cannot be a user name here: ${
          fit.ok ? 'names that begin with bot- belong to service tokens' : fit.error.fields?.[0]?.message
        }`,
        'An administrator chooses another claim with TESSERA_OIDC_USERNAME_CLAIM, or makes and links a user.',
      );
    }
    if (await tx.nameIsTaken(username)) {
      return refused(
        'name_taken',
        `there is a user '${username}' already, who is not linked to this account at the provider`,
        LINK_FIX,
        'name_taken',
      );
    }
    await tx.insertPrincipal({
      username,
      kind: 'user',
      userInfo: { ...NO_USER_INFO, name: person.name, email: person.email },
      passwordHash: null,
      identity,
      createdAt: seconds(clock),
      createdBy: PROVIDER_NAME,
    });
    return ok({ username });
  }
}

/** Name and address follow the provider; the user name is what everything else hangs on and never does. */
async function refresh(tx: PeopleTx, present: PrincipalRecord, person: KnownPerson): Promise<void> {
  const { userInfo } = present;
  const name = person.name ?? userInfo.name;
  const email = person.email ?? userInfo.email;
  if (name === userInfo.name && email === userInfo.email) return;
  await tx.updatePrincipal(present.username, { userInfo: { ...userInfo, name, email } });
}

async function matchRoles(
  tx: PeopleTx,
  username: string,
  wanted: ReadonlyMap<string, string>,
  atMs: number,
  note: (action: AuditAction, subject: string, detail: object) => Promise<void>,
): Promise<void> {
  const held = await tx.grantsOf(username);
  for (const [role, group] of wanted) {
    if (held.some((grant) => grant.role === role)) continue;
    await tx.insertGrant({ username, role, grantedBy: PROVIDER_NAME, grantedAt: atMs });
    await note('role.granted', username, { role, group });
  }
  for (const { role, grantedBy } of held) {
    if (grantedBy !== PROVIDER_NAME || wanted.has(role)) continue;
    const administrators = await tx.administrators();
    if (role === ADMIN_ROLE && administrators.length === 1 && administrators[0] === username) {
      // Somebody must be left who can repair things.
      await note('role.kept', username, { role, reason: 'last_administrator' });
      continue;
    }
    await tx.deleteGrant(username, role);
    await tx.unpinRole(username, role);
    await note('role.withdrawn', username, { role });
  }
}
