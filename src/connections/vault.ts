import { ok, type Result } from '../base/result.ts';
import type { Sealer } from '../crypto/seal.ts';
import type { Credential } from '../kinds/kind.ts';
import type { StoredCredential } from './record.ts';

export type SecretField = 'secret' | 'fallback';

/** What a sealed secret is bound to: the table, the row, the column and its version. */
export const sealContext = (id: string, field: SecretField, version: number): string =>
  `connections|${id}|${field}|${version}`;

/** Turns credentials into what may be stored, and back. Without the master key both answer `sealed`. */
export interface Vault {
  close(id: string, field: SecretField, version: number, credential: Credential): Result<StoredCredential>;
  open(id: string, field: SecretField, stored: StoredCredential): Result<Credential>;
}

export function createVault(sealer: Sealer): Vault {
  return {
    close(id, field, version, { method, identity, secret, upstreamId }) {
      const sealed = sealer.seal(secret, sealContext(id, field, version));
      if (!sealed.ok) return sealed;
      return ok({ method, identity, upstreamId: upstreamId ?? null, sealed: sealed.value, version });
    },

    open(id, field, { method, identity, upstreamId, sealed, version }) {
      const secret = sealer.open(sealed, sealContext(id, field, version));
      if (!secret.ok) return secret;
      return ok({ method, identity, secret: secret.value, ...(upstreamId === null ? {} : { upstreamId }) });
    },
  };
}
