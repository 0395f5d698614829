import { type Context, confirmed } from '../context.ts';

export interface Options {
  readonly scope: string;
  readonly yes?: boolean;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { scope, yes } = options;
  const tessera = await context.tessera();
  await confirmed(context, `Delete the scope '${scope}'? Nobody has it any longer.`, yes);
  await tessera.scopes.delete(scope);
  context.out.done({ deleted: scope }, `Deleted the scope '${scope}'.`);
}
