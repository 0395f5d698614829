import type { Actor } from '../access/principal.ts';
import { auditEntry } from '../audit/entry.ts';
import type { Clock } from '../base/clock.ts';
import { ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import { mayManage } from './access.ts';
import type { ConnectionStore } from './store.ts';

export interface WebhookKeys {
  /** Whoever receives deliveries needs the key to check their signature; that it was shown is recorded. */
  show(actor: Actor): Promise<Result<{ readonly configured: boolean; readonly key: Secret }>>;
}

interface Dependencies {
  readonly store: Pick<ConnectionStore, 'change'>;
  readonly clock: Clock;
  readonly url: Secret | null;
  readonly key: Result<Secret>;
}

export function createWebhookKey({ store, clock, url, key }: Dependencies): WebhookKeys {
  return {
    async show(actor) {
      const allowed = mayManage(actor, 'see the key of the webhook');
      if (!allowed.ok) return allowed;
      if (!key.ok) return key;
      return store.change(async (tx) => {
        await tx.audit(auditEntry(clock(), actor, { action: 'webhook_key.shown' }));
        return ok({ configured: url !== null, key: key.value });
      });
    },
  };
}
