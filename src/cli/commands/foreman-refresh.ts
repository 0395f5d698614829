import type { Context } from '../context.ts';
import { CliError } from '../failure.ts';
import { type ConfigChoice, foremanConfig } from '../foreman/config.ts';
import { quantity } from '../text.ts';

/** Nothing is cached here: every look is fresh. What remains of a refresh is the count of hosts. */
export async function run(options: ConfigChoice, context: Context): Promise<void> {
  const { tessera, config } = await foremanConfig(options, context);
  let hosts = 0;
  for await (const line of tessera.connections.hosts(config.id)) {
    if ('end' in line && line.end === 'failed') throw new CliError(line.finding.sentence, line.finding.fix);
    hosts = line.seen;
  }
  context.out.show({ config_id: config.id, hosts }, () => `${config.name}: ${quantity(hosts, 'host')}`);
}
