import { createCipheriv, createDecipheriv } from 'node:crypto';
import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { Secret } from '../base/secret.ts';
import type { Keyring } from './keyring.ts';
import type { RandomSource } from './random.ts';

/**
 * Envelope encryption: every value has its own data key, wrapped by the master key; AES-256-GCM (NIST SP
 * 800-38D) for both. `context` (what the value is, which row, which version) is associated data on both layers,
 * so a ciphertext moved to another place does not open.
 *
 * Sealed form: `s1.<master key id>.<wrapped data key>.<value>`, the parts base64url of nonce, ciphertext, tag.
 */
export interface Sealer {
  seal(value: Secret, context: string): Result<string>;
  open(sealed: string, context: string): Result<Secret>;
  /** The same value wrapped by the active master key; unchanged when it is already. */
  rewrap(sealed: string, context: string): Result<string>;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const DATA_KEY_BYTES = 32;

export const sealedFault = fault('sealed', 'The master key that this needs is not available.', {
  fix: 'Restore the key file (TESSERA_MASTER_KEY_FILE) and start again.',
});

export function createSealer(keyring: Keyring, random: RandomSource): Sealer {
  const encrypt = (key: Uint8Array, plain: Uint8Array, context: string): string => {
    const nonce = random(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
    const body = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64url');
  };

  const decrypt = (key: Uint8Array, text: string, context: string): Buffer | null => {
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) return null;
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    } catch {
      return null;
    }
  };

  const missing = err(sealedFault);
  const broken = err(
    fault('internal', 'A sealed value does not open: it was changed or moved in the database.'),
  );

  const unwrap = (
    sealed: string,
    context: string,
  ): Result<{ dataKey: Buffer; keyId: string; value: string }> => {
    const [version, keyId, wrapped, value] = sealed.split('.');
    if (version !== 's1' || !keyId || !wrapped || !value) return broken;
    const master = keyring.find(keyId);
    if (master === null) return missing;
    const dataKey = decrypt(master.bytes, wrapped, `wrap|${context}`);
    return dataKey === null ? broken : ok({ dataKey, keyId, value });
  };

  return {
    seal(value, context) {
      const master = keyring.active;
      if (master === null) return missing;
      const dataKey = random(DATA_KEY_BYTES);
      const wrapped = encrypt(master.bytes, dataKey, `wrap|${context}`);
      return ok(
        `s1.${master.id}.${wrapped}.${encrypt(dataKey, Buffer.from(value.reveal()), `value|${context}`)}`,
      );
    },

    open(sealed, context) {
      const envelope = unwrap(sealed, context);
      if (!envelope.ok) return envelope;
      const plain = decrypt(envelope.value.dataKey, envelope.value.value, `value|${context}`);
      return plain === null ? broken : ok(new Secret(plain.toString('utf8')));
    },

    rewrap(sealed, context) {
      const master = keyring.active;
      if (master === null) return missing;
      const envelope = unwrap(sealed, context);
      if (!envelope.ok) return envelope;
      const { dataKey, keyId, value } = envelope.value;
      if (keyId === master.id) return ok(sealed);
      return ok(`s1.${master.id}.${encrypt(master.bytes, dataKey, `wrap|${context}`)}.${value}`);
    },
  };
}
