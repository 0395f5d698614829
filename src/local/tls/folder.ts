import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Issued, issueServer, makeAuthority } from './issue.ts';

/** What stands in the folder of certificates; the server looks for it below its data folder. */
export interface TlsFiles {
  readonly authority: string;
  readonly authorityKey: string;
  readonly certificate: string;
  readonly key: string;
}

export const tlsFiles = (folder: string): TlsFiles => ({
  authority: join(folder, 'ca.pem'),
  authorityKey: join(folder, 'ca.key'),
  certificate: join(folder, 'server.pem'),
  key: join(folder, 'server.key'),
});

/**
 * Makes authority and server certificate. An authority that is there is kept, so that running it again renews the
 * certificate without anybody having to trust anew.
 */
export async function initTls(
  folder: string,
  names: readonly string[],
  now: Date,
): Promise<{ files: TlsFiles; newAuthority: boolean }> {
  const files = tlsFiles(folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const known = await readPair(files.authority, files.authorityKey);
  const authority = known ?? (await makeAuthority(now));
  if (known === null) {
    await put(files.authorityKey, authority.key, 0o600);
    await put(files.authority, authority.certificate, 0o644);
  }
  const issued = await issueServer(authority, names, now);
  // The key first: a server that looks in between finds a pair that does not fit and keeps the one it has.
  await put(files.key, issued.key, 0o600);
  await put(files.certificate, issued.certificate + authority.certificate, 0o644);
  return { files, newAuthority: known === null };
}

async function readPair(certificate: string, key: string): Promise<Issued | null> {
  try {
    return { certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') };
  } catch {
    return null;
  }
}

/** Whole or not at all. */
async function put(path: string, text: string, mode: number): Promise<void> {
  const beside = `${path}.${process.pid}.new`;
  await writeFile(beside, text, { mode });
  await rename(beside, path);
}
