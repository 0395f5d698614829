import type { Kysely } from 'kysely';
import type { SigningKeyRecord, SigningKeyTx } from '../tokens/signing-keys.ts';
import type { Tables } from './schema.ts';

export function signingKeyTable(db: Kysely<Tables>): Omit<SigningKeyTx, 'audit' | 'changed'> {
  return {
    async signingKeys() {
      const rows = await db.selectFrom('signing_keys').selectAll().execute();
      return rows.map((row) => ({
        kid: row.kid,
        publicJwk: JSON.parse(row.public_jwk) as SigningKeyRecord['publicJwk'],
        sealedPrivateKey: row.sealed_private_key,
        createdAt: row.created_at,
        activeFrom: row.active_from,
      }));
    },

    async insertSigningKey(key) {
      await db
        .insertInto('signing_keys')
        .values({
          kid: key.kid,
          public_jwk: JSON.stringify(key.publicJwk),
          sealed_private_key: key.sealedPrivateKey,
          created_at: key.createdAt,
          active_from: key.activeFrom,
        })
        .execute();
    },

    async deleteSigningKey(kid) {
      await db.deleteFrom('signing_keys').where('kid', '=', kid).execute();
    },
  };
}
