import { usageError } from '../failure.ts';
import { readNamedFile } from '../files.ts';

/** Public keys out of files, one a line as in `authorized_keys`. A private key is refused before it travels. */
export async function publicKeys(files: readonly string[], home: string): Promise<string[]> {
  const keys: string[] = [];
  for (const file of files) {
    const text = await readNamedFile(file, home, 'public key');
    if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
      throw usageError(
        `--ssh-key: ${file} holds a private key, which stays where it is.`,
        `Give the public one: ${file}.pub`,
      );
    const lines = text.split(/\r?\n/).map((line) => line.trim());
    const found = lines.filter((line) => line !== '' && !line.startsWith('#'));
    if (found.length === 0) throw usageError(`--ssh-key: ${file} holds no key.`, 'Name a .pub file.');
    keys.push(...found);
  }
  return keys;
}
