import type { RewrapReport } from '../../wire/master-keys.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../failure.ts';
import { quantity } from '../text.ts';

/**
 * Wraps every sealed value with the active master key, batch by batch, while the server goes on serving. The
 * keys themselves are where the server was told to look for them.
 */
export async function run(_options: object, context: Context): Promise<number> {
  const tessera = await context.tessera();
  let rewrapped = 0;
  let report: RewrapReport;
  do {
    report = await tessera.masterKeys.rewrap();
    rewrapped += report.rewrapped;
    if (context.io.errorIsTerminal && report.remaining > 0)
      context.out.remark(`${rewrapped} of ${report.total} done`);
  } while (report.remaining > 0 && report.rewrapped > 0);
  const { active_key: key, total, failed, by_key: byKey } = report;
  const all = { active_key: key, rewrapped, remaining: report.remaining, total, failed, by_key: byKey };
  const words =
    rewrapped === 0 && failed.length === 0
      ? `All ${quantity(total, 'sealed value')} are wrapped by the active key ${key} already.`
      : `${quantity(rewrapped, 'sealed value')} of ${total} wrapped anew by the active key ${key}.`;
  context.out.done(all, words);
  if (!context.out.json)
    for (const { place, reason } of failed) context.out.remark(`Not done: ${place}: ${reason}`);
  return failed.length > 0 || report.remaining > 0 ? EXIT.failed : EXIT.done;
}
