import { showServerTest } from '../connection-view.ts';
import type { Context } from '../context.ts';
import { foremanConfig } from '../foreman/config.ts';
import { rowColumns } from '../io.ts';
import { folded } from '../test-view.ts';

export interface Options {
  readonly configId: string;
}

/** The exit code names the layer that failed. */
export async function run(options: Options, context: Context): Promise<number> {
  const { tessera, config } = await foremanConfig(options, context);
  const report = await tessera.connections.test(config.id);
  const code = showServerTest(config, report, context);
  if (!context.out.json)
    context.out.line(
      report.ok
        ? `\nSuccessfully connected to ${config.origin}`
        : `\n${folded('', 0, `Connection failed: ${report.sentence}`, rowColumns(context.io))}`,
    );
  return code;
}
