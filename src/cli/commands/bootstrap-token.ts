import type { Context } from '../context.ts';

const BYTES = 16;

/** A well-formed token that no server knows until it is started with it: `gt-`, 22 characters, a dot, 22 more. */
export async function run(_options: object, context: Context): Promise<void> {
  const part = () => Buffer.from(crypto.getRandomValues(new Uint8Array(BYTES))).toString('base64url');
  const token = `gt-${part()}.${part()}`;
  context.out.secret(token, { token });
  context.out.remark('Start the server with it in TESSERA_BOOTSTRAP_TOKEN; keep it secret.');
}
