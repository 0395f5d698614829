import { type ProxmoxTest, testSettings } from '../../local/proxmox/test.ts';
import type { Context } from '../context.ts';
import { CliError } from '../failure.ts';
import { orFail } from '../local-failure.ts';
import { waiting } from '../waiting.ts';
import { type SourceOptions, settingsOf } from './source.ts';

/**
 * What the cluster shows to the settings of this machine. Fails with the first finding that stands in the way;
 * what is said about templates and nodes themselves is for the caller to judge.
 */
export async function seenCluster(options: SourceOptions, context: Context): Promise<ProxmoxTest> {
  const settings = await settingsOf(options, context);
  const { clock, env } = context.io;
  const work = testSettings(
    { ...settings, node: '', templates: [], storage: '', bridge: '' },
    {},
    clock,
    env,
  );
  const test = orFail(await waiting(context, `Asking ${settings.host}`, work));
  const blocking = test.outcome.findings.find((finding) => finding.severity === 'blocking');
  if (blocking !== undefined && blocking.code !== 'TEMPLATES_NONE')
    throw new CliError(`${blocking.sentence} [${blocking.code}]`, blocking.fix, test.outcome.exit_code);
  return test;
}
