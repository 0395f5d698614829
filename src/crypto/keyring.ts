import { sha256Hex } from './digest.ts';

const KEY_BYTES = 32;

export interface MasterKey {
  /** First eight hex digits of the key's SHA-256; stands beside every value it wraps. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** The master keys at hand. The first one wraps new values; all of them open old ones. */
export interface Keyring {
  readonly active: MasterKey | null;
  find(id: string): MasterKey | null;
}

export const emptyKeyring: Keyring = { active: null, find: () => null };

export function keyringOf(keys: readonly MasterKey[]): Keyring {
  return { active: keys[0] ?? null, find: (id) => keys.find((key) => key.id === id) ?? null };
}

export function masterKey(bytes: Uint8Array): MasterKey {
  return { id: sha256Hex(Buffer.from(bytes).toString('base64')).slice(0, 8), bytes };
}

/**
 * Reads key text: one base64 key of 32 bytes per line (or separated by commas), `#` starts a comment, the first
 * is the active one. Returns null when any line is not such a key: a half-read keyring must not be used.
 */
export function parseKeyText(text: string): MasterKey[] | null {
  const lines = text
    .replace(/#.*/g, '')
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const keys: MasterKey[] = [];
  for (const line of lines) {
    const bytes = Buffer.from(line, 'base64');
    if (bytes.length !== KEY_BYTES || !/^[A-Za-z0-9+/]{43}=$/.test(line)) return null;
    keys.push(masterKey(bytes));
  }
  return keys.length > 0 ? keys : null;
}

export const keyText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
export const MASTER_KEY_BYTES = KEY_BYTES;
