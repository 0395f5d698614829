import { join, resolve } from 'node:path';

/** Where the server looks for its certificate: `tls` below the data folder. */
export function tlsFolder(
  dataDir: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): string {
  const told = dataDir ?? (env.TESSERA_DATA_DIR || undefined);
  return join(resolve(told ?? join(env.XDG_DATA_HOME || join(home, '.local', 'share'), 'tessera')), 'tls');
}
