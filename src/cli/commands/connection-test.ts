import { showServerTest } from '../connection-view.ts';
import type { Context } from '../context.ts';

export interface Options {
  readonly connection: string;
  readonly for?: string;
}

/** The exit code names the layer that failed. */
export async function run(options: Options, context: Context): Promise<number> {
  const tessera = await context.tessera();
  const connection = await tessera.connections.get(options.connection);
  const expect = options.for === undefined ? {} : { expect: { task: options.for } };
  return showServerTest(connection, await tessera.connections.test(connection.id, expect), context);
}
