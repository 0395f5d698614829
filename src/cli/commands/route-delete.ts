import { type Context, confirmed } from '../context.ts';

export interface Options {
  readonly name: string;
  readonly yes?: boolean;
}

export async function run({ name, yes }: Options, context: Context): Promise<void> {
  const tessera = await context.tessera();
  await confirmed(context, `Delete the route '${name}'? What goes through it ends at once.`, yes);
  await tessera.routes.delete(name);
  context.out.done({ deleted: name }, `Deleted the route '${name}'.`);
}
