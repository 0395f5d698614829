import { type Context, confirmed } from '../context.ts';

export interface Options {
  readonly role: string;
  readonly yes?: boolean;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { role, yes } = options;
  const tessera = await context.tessera();
  await confirmed(context, `Delete the role '${role}'? Its holders and their tokens lose it at once.`, yes);
  await tessera.roles.delete(role);
  context.out.done({ deleted: role }, `Deleted the role '${role}'.`);
}
