import { isBotName, unknownUser } from '../access/names.ts';
import { requireScope } from '../access/policy.ts';
import type { Actor } from '../access/principal.ts';
import { ADMIN_SCOPE } from '../access/scopes.ts';
import { auditEntry } from '../audit/entry.ts';
import type { Clock } from '../base/clock.ts';
import { fault, fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { PeopleStore } from './store.ts';

/** Who of our users is which account at the provider, said by an administrator. */
export interface Identities {
  /** In place of whatever account the user was linked to. */
  link(actor: Actor, username: string, subject: string): Promise<Result<void>>;
  /** Ends the user's sessions; nothing happens where there is no link. */
  unlink(actor: Actor, username: string): Promise<Result<void>>;
}

interface Dependencies {
  readonly store: PeopleStore;
  readonly clock: Clock;
  /** Null while no provider is configured. */
  readonly issuer: string | null;
}

export function createIdentities({ store, clock, issuer }: Dependencies): Identities {
  return {
    async link(actor, username, subject) {
      const allowed = requireScope(actor, ADMIN_SCOPE, 'say who a user is at the provider');
      if (!allowed.ok) return allowed;
      if (issuer === null) {
        return err(
          fault('not_supported', 'No OpenID Connect provider is configured.', {
            fix: 'Set TESSERA_OIDC_ISSUER and the settings that belong to it.',
          }),
        );
      }
      if (isBotName(username))
        return err(fieldFault('invalid_request', 'username', 'bots sign in nowhere; they use their tokens'));
      const identity = { issuer, subject };
      return store.change<void>(async (tx) => {
        if ((await tx.principal(username)) === null) return err(unknownUser(username));
        const other = await tx.principalWithIdentity(identity);
        if (other?.username === username) return ok(undefined);
        if (other !== null) {
          return err(
            fieldFault(
              'conflict',
              'subject',
              `belongs to '${other.username}' already`,
              `Undo that first: tessera user unlink ${other.username}`,
            ),
          );
        }
        await tx.updatePrincipal(username, { identity });
        await tx.audit(
          auditEntry(clock(), actor, { action: 'user.linked', subject: username, detail: { ...identity } }),
        );
        return ok(undefined);
      });
    },

    async unlink(actor, username) {
      const allowed = requireScope(actor, ADMIN_SCOPE, 'undo the link of a user to the provider');
      if (!allowed.ok) return allowed;
      return store.change<void>(async (tx) => {
        const present = await tx.principal(username);
        if (present === null) return err(unknownUser(username));
        if (present.identity === null) return ok(undefined);
        await tx.updatePrincipal(username, { identity: null });
        const endedSessions = await tx.revokeTokensOf(username, 'sessions', actor, clock());
        await tx.audit(
          auditEntry(clock(), actor, {
            action: 'user.unlinked',
            subject: username,
            detail: { ...present.identity, endedSessions },
          }),
        );
        return ok(undefined);
      });
    },
  };
}
