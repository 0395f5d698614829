import { type Context, confirmed } from '../context.ts';

export interface Options {
  readonly connection: string;
  readonly yes?: boolean;
}

export async function run(options: Options, context: Context): Promise<void> {
  const tessera = await context.tessera();
  const { id, name } = await tessera.connections.get(options.connection);
  await confirmed(
    context,
    `Delete connection ${name}? The stored credential is lost; upstream it stays.`,
    options.yes,
  );
  await tessera.connections.remove(id);
  context.out.done({ id, name, deleted: true }, `Deleted connection ${name}.`);
}
