import type { Context } from '../context.ts';

export interface Options {
  readonly connection: string;
  readonly newName: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const tessera = await context.tessera();
  const saved = await tessera.connections.update(options.connection, { name: options.newName, test: false });
  context.out.done(saved, `${options.connection} is called ${saved.connection.name} now.`);
}
