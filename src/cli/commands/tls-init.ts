import { hostname } from 'node:os';
import type { Context } from '../context.ts';
import { tlsFolder } from '../tls-folder.ts';

export interface Options {
  readonly dataDir?: string;
  readonly name?: string[];
}

export async function run({ dataDir, name = [] }: Options, context: Context): Promise<void> {
  const { initTls } = await import('../../local/tls/folder.ts');
  const names = [...new Set([...name, hostname(), 'localhost', '127.0.0.1', '::1'])];
  const { files, newAuthority } = await initTls(
    tlsFolder(dataDir, context.io.env, context.io.home),
    names,
    new Date(),
  );
  context.out.record({ ...files, names, newAuthority }, [
    ['Authority', `${files.authority}${newAuthority ? '' : ' (kept)'}`],
    ['Certificate', files.certificate],
    ['For', names.join(', ')],
  ]);
  if (context.out.json) return;
  context.out.remark(
    newAuthority
      ? 'Start the server with it: TESSERA_TLS_PORT=8443 tessera serve'
      : 'A running server takes it within seconds.',
  );
  if (newAuthority) context.out.remark('How to make systems and tools trust it: tessera tls trust');
}
