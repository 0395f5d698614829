import { type Context, confirmed } from '../context.ts';
import { foremanConfig } from '../foreman/config.ts';

export interface Options {
  readonly configId: string;
  readonly yes?: boolean;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { tessera, config } = await foremanConfig(options, context);
  // The guide deletes without a question; only somebody at a terminal is asked.
  if (context.ask !== null)
    await confirmed(context, `Delete Foreman configuration ${config.name}?`, options.yes);
  await tessera.connections.remove(config.id);
  context.out.done(
    { id: config.id, name: config.name, status: 'deleted' },
    `Deleted Foreman configuration ${config.name} (${config.id})`,
  );
}
