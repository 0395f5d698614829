import type { Actor } from '../access/principal.ts';
import { auditEntry } from '../audit/entry.ts';
import type { Clock } from '../base/clock.ts';
import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { listForemanTokens, revokeForemanToken, type TokenFacts } from '../kinds/foreman/token.ts';
import type { CredentialInput } from '../kinds/kind.ts';
import { mayManage, mayRead, unknownConnection } from './access.ts';
import { readSecrets } from './draft.ts';
import type { Outlets } from './outlets.ts';
import type { ConnectionStore } from './store.ts';

/** Tokens as Foreman itself keeps them, revoked and ended ones too. */
export interface UpstreamTokens {
  list(actor: Actor, key: string, user?: string): Promise<Result<readonly TokenFacts[]>>;
  /** @param admin used for this call and kept nowhere; in 1.24 only administrators may revoke */
  revoke(
    actor: Actor,
    key: string,
    tokenId: string,
    wish: { user?: string; admin?: CredentialInput },
  ): Promise<Result<void>>;
}

interface Dependencies {
  readonly store: ConnectionStore;
  readonly outlets: Outlets;
  readonly clock: Clock;
}

export function createUpstreamTokens({ store, outlets, clock }: Dependencies): UpstreamTokens {
  async function foremanOnly(key: string): Promise<Result<string>> {
    const record = await store.connection(key);
    if (record === null) return err(unknownConnection(key));
    if (record.kind === 'foreman') return ok(record.name);
    return err(fault('not_supported', `Tokens of ${record.kind} are listed there, not here.`));
  }

  return {
    async list(actor, key, user) {
      const allowed = mayRead(actor, 'see tokens');
      if (!allowed.ok) return allowed;
      const fit = await foremanOnly(key);
      if (!fit.ok) return fit;
      return outlets.use(actor, key, ({ subject }) =>
        listForemanTokens(subject, user ?? subject.credential.identity),
      );
    },

    async revoke(actor, key, tokenId, { user, admin }) {
      const allowed = mayManage(actor, 'revoke tokens');
      if (!allowed.ok) return allowed;
      const fit = await foremanOnly(key);
      if (!fit.ok) return fit;
      const acting = admin === undefined ? null : readSecrets('foreman', { credential: admin });
      if (acting !== null && !acting.ok) return acting;
      const other = acting === null ? null : acting.value.credential;
      const gone = await outlets.use(actor, key, ({ subject }) => {
        const identity = user ?? subject.credential.identity;
        const credential = { ...subject.credential, identity, upstreamId: tokenId };
        return revokeForemanToken(
          { ...subject, credential },
          other === null ? subject : { ...subject, credential: other },
        );
      });
      if (!gone.ok) return gone;
      return store.change<void>(async (tx) => {
        await tx.audit(
          auditEntry(clock(), actor, {
            action: 'credential.revoked',
            subject: fit.value,
            detail: { token: tokenId, user: user ?? null },
          }),
        );
        return ok(undefined);
      });
    },
  };
}
