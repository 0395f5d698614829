import { rowCount } from '../backup-view.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../failure.ts';
import { fileAt } from '../proxmox/source.ts';
import { moment } from '../text.ts';
import { waiting } from '../waiting.ts';
import { backupVerify, done, type OfflineOptions, settingsHere } from './offline.ts';

export interface Options extends OfflineOptions {
  readonly file: string;
}

/** Whole, unchanged, and everything sealed opens with the keys at hand; anything else ends with 1. */
export async function run(options: Options, context: Context): Promise<number> {
  const file = fileAt(options.file, context);
  const settings = settingsHere(options, context);
  const check = done(await waiting(context, 'Checking', backupVerify(settings, file)));
  const { header, sealed, chainIntact, missingKeys, intact, faults } = check;
  context.out.record({ file, ...check }, [
    ['File', file],
    ['Written', moment(header.created_at)],
    ['Holds', rowCount(header.rows)],
    ['Secrets', `${sealed.opened} of ${sealed.values} open with the keys at hand`],
    ['Keys missing', missingKeys.length === 0 ? null : missingKeys.join(', ')],
    [
      'Audit trail',
      chainIntact === null ? 'not checked: its key is missing' : chainIntact ? 'whole' : 'NOT WHOLE',
    ],
    ['Verdict', intact ? 'in order' : 'NOT IN ORDER'],
  ]);
  if (!context.out.json) for (const each of faults) context.out.remark(`- ${each}`);
  return intact ? EXIT.done : EXIT.failed;
}
